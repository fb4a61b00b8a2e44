/** Figure: a block trained branch by branch, and the same function through the moments of its patches. */
import { labelled, line, lines, svg, text } from "./svg.js";

/** A skip has no convolution before its batch norm. */
const branches = ["", "scale 1×1", "conv 1", "…", "conv 4"] as const;

/** Left half: every branch is a convolution, a batch norm, an activation in memory. */
function plain(): string[] {
  const parts = [text(20, 28, "branch by branch", { kind: "bold" }), labelled(20, 150, 60, 40, "x")];
  branches.forEach((name, i) => {
    const y = 50 + i * 50;
    const middle = y + 18;
    const norm = [232, middle] as const;
    if (name === "")
      parts.push(line([[50, 150], [50, middle], norm], true), text(120, y + 12, "skip", { kind: "small soft" }));
    else
      parts.push(
        labelled(120, y, 86, 36, name),
        line(
          [
            [80, 170],
            [118, middle],
          ],
          true,
        ),
        line([[206, middle], norm], true),
      );
    parts.push(
      labelled(234, y, 94, 36, "batch norm"),
      line(
        [
          [328, middle],
          [358, 170],
        ],
        true,
      ),
    );
  });
  parts.push(
    labelled(360, 150, 40, 40, "Σ"),
    line(
      [
        [400, 170],
        [428, 170],
      ],
      true,
    ),
    labelled(430, 150, 60, 40, "ReLU"),
  );
  parts.push(
    ...lines(20, 322, [
      "The output of every convolution stays until backward;",
      "every batch norm passes over one several times, both ways.",
    ]),
  );
  return parts;
}

/** Right half: x is read once for its moments; the rest is small matrices and one convolution. */
function folded(left: number): string[] {
  const at = (x: number): number => left + x;
  return [
    text(left, 28, "folded", { kind: "bold" }),
    labelled(left, 150, 60, 40, "x"),
    labelled(at(100), 60, 130, 44, "patchMoments", "μ [K], Σ [K, K] float64"),
    labelled(at(270), 60, 130, 44, "foldBranches", "W, b, statistics"),
    labelled(at(270), 240, 130, 44, "γ, β, kernels", "of every branch"),
    labelled(at(270), 148, 130, 44, "conv2dBias", "one convolution, ReLU"),
    labelled(at(440), 150, 60, 40, "y"),
    line(
      [
        [at(60), 160],
        [at(98), 92],
      ],
      true,
    ),
    line(
      [
        [at(230), 82],
        [at(268), 82],
      ],
      true,
    ),
    line(
      [
        [at(335), 104],
        [at(335), 146],
      ],
      true,
    ),
    line(
      [
        [at(60), 172],
        [at(268), 172],
      ],
      true,
    ),
    line(
      [
        [at(400), 170],
        [at(438), 170],
      ],
      true,
    ),
    line(
      [
        [at(412), 262],
        [at(422), 262],
        [at(422), 82],
        [at(402), 82],
      ],
      true,
    ),
    line([
      [at(400), 262],
      [at(412), 262],
    ]),
    ...lines(left, 322, [
      "One activation is written. x and small matrices stay until backward,",
      "the running statistics of every branch move as in the other form.",
    ]),
  ];
}

export const foldedBlock = (): string =>
  svg(1060, 350, "A block branch by branch, and folded", [...plain(), ...folded(540)]);
