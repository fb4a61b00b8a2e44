"""Writes the fixtures of test/data: small JPEG and PNG files with Pillow's pixels next to them, and resize hashes.

Run with Debian's python3-pil, python3-opencv and libjpeg-turbo-progs (cjpeg):  python3 make-fixtures.py
Every picture is computed here, so the files carry no one else's rights. `X.jpg` has its expected pixels in `X.expected.png`.
Reference pixels are Pillow's (libjpeg-turbo); four-component files are converted by OpenCV's formula instead.
"""
import hashlib
import io
import json
import math
import pathlib
import struct
import subprocess
import tempfile

import cv2
from PIL import Image, ImageOps

HERE = pathlib.Path(__file__).parent
OUT = HERE / "images"


def lcg_bytes(count, seed):
    """The byte stream that test/data/fixtures.ts computes too."""
    state, out = seed, bytearray()
    for _ in range(count):
        state = (state * 1664525 + 1013904223) & 0xFFFFFFFF
        out.append(state >> 24)
    return bytes(out)


def picture(width, height):
    """Smooth colour waves with hard-edged saturated shapes: chroma upsampling shows at the edges."""
    noise = lcg_bytes(width * height, 7)
    image = Image.new("RGB", (width, height))
    for y in range(height):
        for x in range(width):
            grain = noise[y * width + x] // 32 - 4
            r = 128 + 100 * math.sin(x / 7.0) + grain
            g = 128 + 100 * math.cos((x + y) / 11.0) + grain
            b = 128 + 100 * math.sin(y / 5.0) + grain
            if (x - width * 0.3) ** 2 + (y - height * 0.5) ** 2 < (height * 0.25) ** 2:
                r, g, b = 230, 20, 30
            if width * 0.6 < x < width * 0.85 and height * 0.2 < y < height * 0.7:
                r, g, b = 20, 40, 220
            image.putpixel((x, y), tuple(max(0, min(255, int(v))) for v in (r, g, b)))
    return image


def save(name, data, expected=None):
    path = OUT / name
    path.write_bytes(data)
    if expected is None:
        expected = Image.open(io.BytesIO(data)).convert("RGB")
    expected.save(OUT / (path.stem + ".expected.png"), optimize=True)


def jpeg(image, **options):
    buffer = io.BytesIO()
    image.save(buffer, "JPEG", **{"quality": 88, **options})
    return buffer.getvalue()


def png(image, **options):
    buffer = io.BytesIO()
    image.save(buffer, "PNG", optimize=True, **options)
    return buffer.getvalue()


def cjpeg(image, *options):
    ppm = io.BytesIO()
    image.save(ppm, "PPM")
    return subprocess.run(["cjpeg", "-quality", "88", *options], input=ppm.getvalue(), stdout=subprocess.PIPE, check=True).stdout


def opencv_cmyk(data):
    """R = k - (((255 - c) k) >> 8) on the stored values; Pillow hands out 255 - stored when there is an Adobe marker."""
    cmyk = Image.open(io.BytesIO(data))
    assert cmyk.mode == "CMYK" and "adobe" in cmyk.info
    rgb = Image.new("RGB", cmyk.size)
    rgb.putdata([tuple((255 - k) - ((v * (255 - k)) >> 8) for v in (c, m, y)) for c, m, y, k in cmyk.getdata()])
    return rgb


def opencv(data):
    """Damaged files: OpenCV's pixels as imread gives them."""
    with tempfile.NamedTemporaryFile(suffix=".jpg") as file:
        file.write(data)
        file.flush()
        return Image.fromarray(cv2.imread(file.name)[:, :, ::-1])


def patched(data, marker, change):
    """A copy with `change(bytearray, offset of the marker)` applied at the first `marker`."""
    copy = bytearray(data)
    change(copy, data.index(bytes(marker)))
    return bytes(copy)


def chunk(kind, body):
    import zlib
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def raw_png(width, height, depth, color, rows):
    import zlib
    header = struct.pack(">IIBBBBB", width, height, depth, color, 0, 0, 0)
    body = zlib.compress(b"".join(b"\0" + row for row in rows), 9)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", body) + chunk(b"IEND", b"")


def adam7_png(width, height, depth, color, sample):
    """Interlaced: seven reduced pictures, each row packed like a picture of its own; `sample(x, y)` gives a list of values."""
    import zlib
    body = b""
    for x0, y0, dx, dy in ((0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2)):
        for y in range(y0, height, dy):
            bits = "".join(format(v, f"0{depth}b") for x in range(x0, width, dx) for v in sample(x, y))
            if bits:
                bits += "0" * (-len(bits) % 8)
                body += b"\0" + int(bits, 2).to_bytes(len(bits) // 8, "big")
    header = struct.pack(">IIBBBBB", width, height, depth, color, 0, 0, 1)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(body, 9)) + chunk(b"IEND", b"")


def main():
    OUT.mkdir(exist_ok=True)
    base = picture(64, 48)

    for name, subsampling in (("s444", 0), ("s422", 1), ("s420", 2)):
        save(f"{name}.jpg", jpeg(base, subsampling=subsampling))
    save("s440.jpg", cjpeg(base, "-sample", "1x2"))
    save("s411.jpg", cjpeg(base, "-sample", "4x1"))
    save("s410.jpg", cjpeg(base, "-sample", "4x2"))
    save("progressive.jpg", jpeg(base, progressive=True, subsampling=2))
    save("restart.jpg", cjpeg(base, "-restart", "1"))
    save("grey.jpg", jpeg(base.convert("L")))
    for width, height in ((1, 1), (2, 3), (3, 5), (4, 4), (5, 3), (17, 9), (33, 31)):
        save(f"odd{width}x{height}.jpg", jpeg(picture(width, height), subsampling=2))
    save("odd5x4-422.jpg", jpeg(picture(5, 4), subsampling=1))
    save("rgb.jpg", cjpeg(base, "-rgb"))

    cmyk = base.convert("RGB")
    inks = Image.merge("CMYK", (*cmyk.split(), cmyk.convert("L").point(lambda v: v // 3)))
    cmyk_file = jpeg(inks)
    save("cmyk.jpg", cmyk_file, opencv_cmyk(cmyk_file))
    ycck_file = patched(jpeg(inks, subsampling=0), b"Adobe", lambda b, at: b.__setitem__(at + 11, 2))
    save("ycck.jpg", ycck_file, opencv_cmyk(ycck_file))
    bare = cmyk_file.replace(cmyk_file[cmyk_file.index(b"\xff\xee"):][:16], b"", 1)
    save("cmyk-bare.jpg", bare, opencv_cmyk(cmyk_file))

    lopsided = picture(20, 12)
    for orientation in range(1, 9):
        exif = Image.Exif()
        exif[0x0112] = orientation
        data = jpeg(lopsided, exif=exif.tobytes(), subsampling=0)
        save(f"exif{orientation}.jpg", data, ImageOps.exif_transpose(Image.open(io.BytesIO(data))).convert("RGB"))
    little = b"Exif\0\0II*\0\x08\0\0\0\x01\0\x12\x01\x03\0\x01\0\0\0\x06\0\0\0\0\0\0\0"
    data = jpeg(lopsided, exif=little, subsampling=0)
    save("exif6-little.jpg", data, Image.open(io.BytesIO(data)).convert("RGB").transpose(Image.Transpose.ROTATE_270))
    for i, body in enumerate((b"", b"II*\0\xff\xff\xff\xff" + bytes(8), b"XX" + bytes(20), b"MM\0*\0\0\0\x08\xff\xff" + bytes(9))):
        save(f"exif-bad{i}.jpg", jpeg(lopsided, exif=b"Exif\0\0" + body, subsampling=0), Image.open(io.BytesIO(jpeg(lopsided, subsampling=0))).convert("RGB"))

    whole = jpeg(base, subsampling=2)
    save("truncated.jpg", whole[: len(whole) // 2], opencv(whole[: len(whole) // 2]))

    # Files that must be refused, with no expected pixels.
    (OUT / "bad-header-only.jpg").write_bytes(whole[:100])
    (OUT / "bad-arithmetic.jpg").write_bytes(cjpeg(base, "-arithmetic"))
    def twelve_bit(b, at):
        b[at + 1], b[at + 4] = 0xC1, 12
    (OUT / "bad-12bit.jpg").write_bytes(patched(whole, b"\xff\xc0", twelve_bit))
    (OUT / "bad-lossless.jpg").write_bytes(patched(whole, b"\xff\xc0", lambda b, at: b.__setitem__(at + 1, 0xC3)))
    (OUT / "bad-huge.jpg").write_bytes(patched(whole, b"\xff\xc0", lambda b, at: b.__setitem__(slice(at + 5, at + 9), b"\xff" * 4)))
    (OUT / "bad-text.jpg").write_bytes(b"<html>not found</html>\n")
    (OUT / "bad-empty.jpg").write_bytes(b"")

    small = picture(21, 13)
    save("rgb8.png", png(small))
    save("grey8.png", png(small.convert("L")))
    alpha = small.copy()
    alpha.putalpha(small.convert("L"))
    save("rgba8.png", png(alpha), small)
    save("la8.png", png(alpha.convert("LA")), small.convert("L").convert("RGB"))
    save("palette8.png", png(small.quantize(40)))
    save("palette4.png", png(small.quantize(13), bits=4))
    save("palette2.png", png(small.quantize(4), bits=2))
    save("palette-alpha.png", png(small.quantize(9), transparency=2), small.quantize(9).convert("RGB"))
    save("grey1.png", png(small.convert("1")))
    for depth in (2, 4):
        levels = [[v >> (8 - depth) for v in small.convert("L").crop((0, y, 21, y + 1)).getdata()] for y in range(13)]
        rows = []
        for row in levels:
            bits = "".join(format(v, f"0{depth}b") for v in row)
            bits += "0" * (-len(bits) % 8)
            rows.append(int(bits, 2).to_bytes(len(bits) // 8, "big"))
        save(f"grey{depth}.png", raw_png(21, 13, depth, 0, rows))
    stream = lcg_bytes(21 * 6, 3)
    wide = [b"".join(bytes((v, stream[(3 * x + c + y) % len(stream)])) for x in range(21) for c, v in enumerate(small.getpixel((x, y)))) for y in range(13)]
    save("rgb16.png", raw_png(21, 13, 16, 2, wide), small)
    grey = small.convert("L")
    wide = [b"".join(bytes((grey.getpixel((x, y)), stream[(x + y) % len(stream)])) for x in range(21)) for y in range(13)]
    save("grey16.png", raw_png(21, 13, 16, 0, wide), grey.convert("RGB"))
    save("adam7-rgb8.png", adam7_png(21, 13, 8, 2, lambda x, y: small.getpixel((x, y))))
    save("adam7-grey8.png", adam7_png(21, 13, 8, 0, lambda x, y: [grey.getpixel((x, y))]))
    save("png-named.jpeg", png(small), small)
    whole = png(small)
    (OUT / "bad-truncated.png").write_bytes(whole[: len(whole) // 2])
    (OUT / "bad-signature-only.png").write_bytes(whole[:8])
    (OUT / "bad-huge.png").write_bytes(whole[:16] + struct.pack(">II", 100000, 100000) + whole[24:])

    filters = {"box": Image.Resampling.BOX, "bilinear": Image.Resampling.BILINEAR, "bicubic": Image.Resampling.BICUBIC, "lanczos": Image.Resampling.LANCZOS}
    cases = []
    for i, (width, height, out_width, out_height, box) in enumerate([
        (50, 37, 34, 25, None), (50, 37, 22, 22, None), (50, 37, 70, 52, None), (50, 37, 6, 4, None), (50, 37, 50, 20, None),
        (50, 37, 20, 37, None), (50, 37, 1, 1, None), (1, 1, 5, 4, None), (3, 90, 3, 11, None), (97, 2, 32, 32, None),
        (28, 28, 32, 32, None), (28, 28, 37, 37, None), (125, 93, 56, 56, (11, 7, 88, 81)), (125, 93, 56, 56, (0, 0, 30, 20)),
        (125, 93, 56, 56, (100, 60, 25, 33)), (125, 93, 56, 56, (20, 10, 56, 70)), (125, 93, 56, 56, (20, 10, 70, 56)), (125, 93, 56, 56, (5, 6, 56, 56)),
    ]):
        source = Image.frombytes("RGB", (width, height), lcg_bytes(width * height * 3, i + 1))
        region = source if box is None else source.crop((box[0], box[1], box[0] + box[2], box[1] + box[3]))
        for name, pil_filter in filters.items():
            out = region.resize((out_width, out_height), pil_filter)
            cases.append({"seed": i + 1, "from": [width, height], "box": box, "to": [out_width, out_height], "filter": name,
                          "sha256": hashlib.sha256(out.tobytes()).hexdigest()})
    (HERE / "resize.json").write_text("[\n" + ",\n".join(json.dumps(c) for c in cases) + "\n]\n")


if __name__ == "__main__":
    main()
