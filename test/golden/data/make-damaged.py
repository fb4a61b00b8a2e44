"""What OpenCV makes of damaged JPEGs: a verdict, a size and the SHA-256 of the pixels (RGB) of each, in damaged.json.

The pictures are those of bench/soak/damage-pictures.ts, seeds 0 to 299, and the cases of test/golden/data/damaged:
  npx tsc -p tsconfig.bench.json && node build/bench/soak/write-damaged.js /tmp/damaged 0 300 > /tmp/damaged.tsv
  python3 make-damaged.py /tmp/damaged        (Debian's python3-opencv 4.6, libjpeg-turbo 2.1.5)
"""
import hashlib
import json
import pathlib
import sys

import cv2

HERE = pathlib.Path(__file__).parent


def verdict(path):
    bgr = cv2.imread(str(path))
    if bgr is None:
        return None
    height, width, _ = bgr.shape
    return [width, height, hashlib.sha256(bgr[:, :, ::-1].tobytes()).hexdigest()]


folder = pathlib.Path(sys.argv[1])
seeds = [
    {"file": hashlib.sha256(path.read_bytes()).hexdigest(), "opencv": verdict(path)}
    for path in sorted(folder.glob("*.jpg"), key=lambda path: int(path.stem))
]
cases = {path.name: verdict(path) for path in sorted((HERE / "damaged").glob("*.jpg"))}
lines = ",\n".join(json.dumps(seed) for seed in seeds)
(HERE / "damaged.json").write_text(f'{{\n"opencv": "{cv2.__version__}",\n"cases": {json.dumps(cases)},\n"seeds": [\n{lines}\n]\n}}\n')
