"""Writes the fixtures of test/data/codecs-golden.test.ts: JPEG and PNG kinds that decoders get wrong, with OpenCV's pixels.

Run with Debian's python3-pil, python3-opencv and libjpeg-turbo-progs:  /usr/bin/python3 make-codec-fixtures.py
Every picture is computed (../make-fixtures.py), so the files carry no one else's rights. `X.jpg` has its expected pixels in
`X.jpg.expected.png`: cv2.imdecode with IMREAD_COLOR, which is what the reference training pipeline sees. The same is asserted
of every file in ../images that has expected pixels, and Pillow is asserted to agree wherever it converts no inks.
"""
import importlib.util
import io
import pathlib
import struct
import subprocess
import tempfile
import zlib

import cv2
import numpy
from PIL import Image, ImageCms

OUT = pathlib.Path(__file__).parent
spec = importlib.util.spec_from_file_location("fixtures", OUT.parent / "make-fixtures.py")
fixtures = importlib.util.module_from_spec(spec)
spec.loader.exec_module(fixtures)
picture, jpeg, png, chunk, cjpeg = fixtures.picture, fixtures.jpeg, fixtures.png, fixtures.chunk, fixtures.cjpeg


def opencv(data):
    decoded = cv2.imdecode(numpy.frombuffer(data, numpy.uint8), cv2.IMREAD_COLOR)
    assert decoded is not None
    return decoded[:, :, ::-1]


def save(name, data, check_pillow=True):
    expected = opencv(data)
    if check_pillow:
        assert (numpy.asarray(Image.open(io.BytesIO(data)).convert("RGB")) == expected).all(), name
    (OUT / name).write_bytes(data)
    Image.fromarray(expected).save(OUT / (name + ".expected.png"), optimize=True)


def cjpeg_scans(image, script, *options):
    with tempfile.NamedTemporaryFile("w", suffix=".txt") as scans:
        scans.write(script)
        scans.flush()
        return cjpeg(image, *options, "-scans", scans.name)


def inserted(data, at, segment):
    return data[:at] + segment + data[at:]


def packed(values, depth):
    bits = "".join(format(v, f"0{depth}b") for v in values)
    bits += "0" * (-len(bits) % 8)
    return int(bits, 2).to_bytes(len(bits) // 8, "big")


PASSES = ((0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2))


def filtered(rows, pixel_bytes):
    """The rows with filter types 0 to 4 in turn (PNG specification, section 9)."""
    out, above = b"", None
    for i, row in enumerate(rows):
        kind, above = i % 5, above or bytes(len(row))
        line = bytearray([kind])
        for x, value in enumerate(row):
            a = row[x - pixel_bytes] if x >= pixel_bytes else 0
            b = above[x]
            c = above[x - pixel_bytes] if x >= pixel_bytes else 0
            paeth = min((a, b, c), key=lambda v: abs(a + b - c - v))
            line.append((value - (0, a, b, (a + b) // 2, paeth)[kind]) & 255)
        out, above = out + line, row
    return out


def any_png(width, height, depth, color, sample, interlaced, extra=b"", after=b""):
    """A PNG of any kind; `sample(x, y)` gives a pixel's values."""
    channels = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}[color]
    body = b""
    for x0, y0, dx, dy in PASSES if interlaced else ((0, 0, 1, 1),):
        rows = [packed([v for x in range(x0, width, dx) for v in sample(x, y)], depth) for y in range(y0, height, dy)]
        if rows and rows[0]:
            body += filtered(rows, max(1, channels * depth // 8))
    header = struct.pack(">IIBBBBB", width, height, depth, color, 0, 0, int(interlaced))
    data = zlib.compress(body, 9)
    half = len(data) // 2
    return (b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + extra + chunk(b"IDAT", data[:half]) + chunk(b"IDAT", data[half:]) + after
            + chunk(b"IEND", b""))


def jpegs():
    base = picture(61, 45)
    grey = base.convert("L")
    save("progressive-440.jpg", cjpeg(base, "-progressive", "-sample", "1x2"))
    save("progressive-grey.jpg", jpeg(grey, progressive=True))
    save("restart-progressive-422.jpg", cjpeg(base, "-progressive", "-restart", "2B", "-sample", "2x1"))
    save("restart-444-rows.jpg", cjpeg(base, "-restart", "1", "-sample", "1x1"))
    save("non-interleaved-420.jpg", cjpeg_scans(base, "0;\n1;\n2;\n", "-sample", "2x2"))
    save("restart-non-interleaved-420.jpg", cjpeg_scans(base, "0;\n1 2;\n", "-sample", "2x2", "-restart", "3B"))
    save("quality1-420.jpg", cjpeg(base, "-quality", "1"))
    save("quality100-420.jpg", cjpeg(base, "-quality", "100", "-sample", "2x2"))
    save("chroma-larger.jpg", cjpeg(base, "-sample", "1x1,2x2,1x2"))
    save("rgb-subsampled.jpg", cjpeg(base, "-rgb", "-sample", "2x2"))
    plain = jpeg(base, subsampling=2)
    save("warning-extraneous-bytes.jpg", inserted(plain, len(plain) - 2, b"\x00\x11\x22"))
    save("trailing-garbage.jpg", plain + b"trailing bytes \xff\xc0\xff\xd8 behind the end")
    scan = plain.index(b"\xff\xda")
    rgb_ids = cjpeg(base, "-rgb")
    adobe = bytes([0xFF, 0xEE, 0, 14]) + b"Adobe" + bytes([0, 100, 0, 0, 0, 0, 0])
    save("adobe-behind-frame.jpg", inserted(rgb_ids, rgb_ids.index(b"\xff\xda"), adobe))
    save("fill-bytes.jpg", inserted(plain, scan, b"\xff\xff\xff"))
    # A profile that exchanges red and green, and every decoder must leave it unapplied.
    swapped = bytearray(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())
    red, green = swapped.index(b"rXYZ"), swapped.index(b"gXYZ")
    swapped[red:red + 4], swapped[green:green + 4] = b"gXYZ", b"rXYZ"
    save("icc-swapped.jpg", jpeg(base, icc_profile=bytes(swapped)))

    inks = Image.merge("CMYK", (*base.split(), grey.point(lambda v: v // 3)))
    ycck = lambda data: fixtures.patched(data, b"Adobe", lambda b, at: b.__setitem__(at + 11, 2))
    for name, options in (("", {}), ("-progressive", {"progressive": True}), ("-subsampled", {"subsampling": 2})):
        save(f"cmyk{name}.jpg", jpeg(inks, **options), check_pillow=False)
        save(f"ycck{name}.jpg", ycck(jpeg(inks, **options)), check_pillow=False)
    for i, (order, kind) in enumerate((("<", 4), (">", 4), ("<", 1), (">", 9))):
        head = b"MM\0*" if order == ">" else b"II*\0"
        tiff = head + struct.pack(order + "IHHHIIH", 8, 1, 0x112, kind, 1, 6, 0)
        save(f"exif-type{i}.jpg", jpeg(picture(20, 12), exif=b"Exif\0\0" + tiff, subsampling=0), check_pillow=False)

    (OUT / "bad-arithmetic-progressive.jpg").write_bytes(cjpeg(base, "-arithmetic", "-progressive"))
    (OUT / "bad-fractional.jpg").write_bytes(fixtures.patched(cjpeg(base, "-sample", "2x1"), b"\xff\xc0", lambda b, at: b.__setitem__(slice(at + 11, at + 15), bytes((0x31, 0, 2, 0x21)))))
    (OUT / "bad-two-frames.jpg").write_bytes(inserted(plain, scan, plain[plain.index(b"\xff\xc0"):][:19]))
    (OUT / "bad-size-for-bytes.jpg").write_bytes(fixtures.patched(plain, b"\xff\xc0", lambda b, at: b.__setitem__(slice(at + 5, at + 9), struct.pack(">HH", 9000, 9000))))
    (OUT / "bad-memory.jpg").write_bytes(fixtures.patched(cjpeg(base, "-sample", "1x1"), b"\xff\xc0", lambda b, at: b.__setitem__(slice(at + 5, at + 9), struct.pack(">HH", 12000, 12000))))


def pngs():
    noise = fixtures.lcg_bytes(4096, 11)
    wave = lambda x, y, c: (x * 9 + y * 17 * (c + 1) + noise[(x + 31 * y + c) % 4096] // 8) & 255
    palettes = {d: b"".join(bytes((noise[3 * i], noise[3 * i + 1], noise[3 * i + 2])) for i in range(2 ** d)) for d in (1, 2, 4, 8)}
    for interlaced in (False, True):
        prefix = "adam7-" if interlaced else ""
        for width, height in ((21, 13), (5, 3)) if interlaced else ((21, 13),):
            size = "" if width == 21 else f"-{width}x{height}"
            for depth in (1, 2, 4, 8):
                level = lambda x, y: [wave(x, y, 0) >> (8 - depth)]
                save(f"{prefix}grey{depth}{size}.png", any_png(width, height, depth, 0, level, interlaced), check_pillow=depth in (1, 8))
                save(f"{prefix}palette{depth}{size}.png", any_png(width, height, depth, 3, level, interlaced, chunk(b"PLTE", palettes[depth])))
        for color, name, channels in ((0, "grey", 1), (2, "rgb", 3), (4, "la", 2), (6, "rgba", 4)):
            deep = lambda x, y: [wave(x, y, c) * 256 + noise[(7 * x + y) % 4096] for c in range(channels)]
            save(f"{prefix}{name}16.png", any_png(21, 13, 16, color, deep, interlaced), check_pillow=False)
            flat = lambda x, y: [wave(x, y, c) for c in range(channels)]
            if color > 0:
                save(f"{prefix}{name}8.png", any_png(21, 13, 8, color, flat, interlaced), check_pillow=False)
    colour = lambda x, y: [wave(x, y, c) for c in range(3)]
    index = lambda x, y: [wave(x, y, 0) >> 5]
    save("rgb8-suggested-palette.png", any_png(21, 13, 8, 2, colour, False, chunk(b"PLTE", palettes[8])))
    save("rgb8-transparent-colour.png", any_png(21, 13, 8, 2, colour, False, chunk(b"tRNS", struct.pack(">HHH", *colour(3, 4)))))
    save("palette4-transparent.png", any_png(21, 13, 4, 3, index, True, chunk(b"PLTE", palettes[4]) + chunk(b"tRNS", bytes((0, 128, 255)))), check_pillow=False)
    save("damaged-text.png", any_png(21, 13, 8, 2, colour, False, chunk(b"iCCP", b"name\0\0not zlib") + chunk(b"zTXt", b"key\0\0not zlib")), check_pillow=False)
    for orientation in (6, 7):
        tiff = b"MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0" + bytes([orientation]) + bytes(6)
        extra, after = (chunk(b"eXIf", tiff), b"") if orientation == 6 else (b"", chunk(b"eXIf", tiff))
        save(f"exif{orientation}.png", any_png(21, 13, 8, 2, colour, False, extra, after), check_pillow=False)
    whole = any_png(21, 13, 8, 2, colour, False)
    (OUT / "bad-crc.png").write_bytes(whole[:60] + bytes([whole[60] ^ 1]) + whole[61:])
    (OUT / "bad-depth.png").write_bytes(any_png(21, 13, 8, 2, colour, False)[:24] + b"\x03" + whole[25:])
    (OUT / "bad-index.png").write_bytes(any_png(21, 13, 4, 3, index, True, chunk(b"PLTE", palettes[1])))
    short = struct.pack(">IIBBBBB", 21, 26, 4, 0, 0, 0, 1)
    (OUT / "bad-short.png").write_bytes(b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", short) + any_png(21, 13, 4, 0, index, True)[33:])


def check_images():
    """The older fixtures' expected pixels, most of them Pillow's, are OpenCV's too."""
    checked = 0
    for path in sorted((OUT.parent / "images").iterdir()):
        expected = path.parent / (path.stem + ".expected.png")
        if path.suffix in (".jpg", ".jpeg", ".png") and expected != path and expected.exists() and not path.name.endswith(".expected.png"):
            assert (opencv(path.read_bytes()) == numpy.asarray(Image.open(expected))).all(), path.name
            checked += 1
    print(checked, "files of ../images agree with OpenCV")


if __name__ == "__main__":
    jpegs()
    pngs()
    check_images()
