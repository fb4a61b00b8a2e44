"""Writes src/train/checkpoints/imagenet-names.ts: WordNet's numbers of ImageNet-1k's classes in the order of the labels, and
their names in words.

  python3 scripts/make-imagenet-names.py SYNSETS.txt

SYNSETS.txt: a number a line (huggingface/pytorch-image-models, timm/data/_info/imagenet_synsets.txt); names are torchvision's
(torchvision/models/_meta.py, Debian's python3-torchvision). Both are in the order of the numbers.
"""
import sys
import textwrap
from pathlib import Path

from torchvision.models._meta import _IMAGENET_CATEGORIES as names

synsets = Path(sys.argv[1]).read_text().split()
assert len(synsets) == len(names) == 1000 and synsets == sorted(synsets)
assert not any("|" in name or '"' in name for name in names)


def rows(text, separator):
    """Lines of at most 110 characters that end where a word of the list does."""
    lines, line = [], ""
    for word in text:
        if len(line) + len(word) + 1 > 110:
            lines.append(line)
            line = ""
        line += word + separator
    return "\n".join(f"  {one.strip()}" for one in [*lines, line.removesuffix(separator)])


Path("src/train/checkpoints/imagenet-names.ts").write_text(f'''/**
 * The classes of ImageNet-1k in the order of its labels: WordNet's numbers, which its folders are called by, and names in words.
 * Written by scripts/make-imagenet-names.py from timm's and torchvision's lists.
 */

const NUMBERS = `
{rows([one[1:] for one in synsets], " ")}
`;

const NAMES = `
{rows(names, "|")}
`;

/** WordNet's numbers, "n01440764" first; rising. */
export const imagenetSynsets: readonly string[] = NUMBERS.trim().split(/\\s+/).map((number) => `n${{number}}`);

/** Names in words, "tench" first; no two are equal. */
export const imagenetNames: readonly string[] = NAMES
  .trim()
  .split("|")
  .map((name) => name.trim());
''')
