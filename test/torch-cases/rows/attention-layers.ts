/** Attention as layers: projections, masks, the encoder's layer. */
import * as T from "../../../src/index.js";
import type { Row } from "../case.js";
import { keywords, python, type Range } from "../draw.js";
import { holding, like } from "./layers.js";

const { nn } = T;

/** Scores of thousands make softmax a step, at which float32's last digit decides. */
const MODEST: Range = { low: -1, high: 1 };

const PROJECTIONS =
  "{'in_proj_weight': WEIGHT.T, 'in_proj_bias': BIAS, 'out_proj.weight': OUT.T, 'out_proj.bias': OUTBIAS}";

export const attentionLayers = {
  MultiheadAttention: (d) => {
    const heads = d.int(1, 3);
    const e = heads * d.int(1, 3);
    const [n, l, s] = [d.int(1, 3), d.int(1, 4), d.int(1, 4)];
    const batchFirst = d.chance(0.7);
    const sequence = (length: number): number[] => (batchFirst ? [n, length, e] : [length, n, e]);
    const isMasked = d.chance();
    d.float(sequence(l), MODEST).float(sequence(s), MODEST).float(sequence(s), MODEST);
    d.float([e, 3 * e], MODEST)
      .float([3 * e], MODEST)
      .float([e, e], MODEST)
      .float([e], MODEST);
    if (isMasked) d.float([l, s], MODEST);
    const parameters = PROJECTIONS.replace("OUTBIAS", "g")
      .replace("OUT", "f")
      .replace("BIAS", "e")
      .replace("WEIGHT", "d");
    const module = `nn.MultiheadAttention(${e}, ${heads}, batch_first=${python(batchFirst)}).to(a.dtype)`;
    return d.call(
      (q, k, v, inProjWeight, inProjBias, weight, bias, attnMask) =>
        holding(new nn.MultiheadAttention(e, heads, { batchFirst, ...like(q) }), {
          inProjWeight,
          inProjBias,
          "outProj.weight": weight,
          "outProj.bias": bias,
        }).forwardWithWeights(q, k, v, attnMask ? { attnMask } : {}),
      `functional_call(${module}, ${parameters}, (a, b, c), {'attn_mask': ${isMasked ? "h" : "None"}})`,
    );
  },
  "MultiheadAttention with padding": (d) => {
    const heads = d.int(1, 2);
    const e = heads * d.int(1, 3);
    const [n, l] = [d.int(1, 3), d.int(2, 5)];
    // the first key takes part always: a query that sees nothing is NaN
    return d
      .float([n, l, e], MODEST)
      .bools([n, l - 1])
      .float([e, 3 * e], MODEST)
      .float([e, e], MODEST)
      .call(
        (x, rest, inProjWeight, weight) =>
          holding(new nn.MultiheadAttention(e, heads, { bias: false, ...like(x) }), {
            inProjWeight,
            "outProj.weight": weight,
          }).forward(x, x, x, {
            keyPaddingMask: T.pad(rest, [
              [0, 0],
              [1, 0],
            ]),
          }),
        `functional_call(nn.MultiheadAttention(${e}, ${heads}, bias=False, batch_first=True).to(a.dtype), {'in_proj_weight': c.T, 'out_proj.weight': d.T}, (a, a, a), {'key_padding_mask': F.pad(b, (1, 0))})[0]`,
      );
  },
  TransformerEncoderLayer: (d) => {
    const heads = d.int(1, 2);
    const e = heads * d.int(2, 3);
    const wide = d.int(1, 5);
    const options = { normFirst: d.chance(), activation: d.pick<"relu" | "gelu">("relu", "gelu") };
    d.float([d.int(1, 2), d.int(1, 4), e], MODEST);
    d.float([e, 3 * e], MODEST)
      .float([3 * e], MODEST)
      .float([e, e], MODEST)
      .float([e], MODEST);
    d.float([e, wide], MODEST).float([wide], MODEST).float([wide, e], MODEST).float([e], MODEST);
    for (let i = 0; i < 4; i++) d.float([e], MODEST);
    const names =
      "self_attn.in_proj_weight self_attn.in_proj_bias self_attn.out_proj.weight self_attn.out_proj.bias linear1.weight linear1.bias linear2.weight linear2.bias norm1.weight norm1.bias norm2.weight norm2.bias";
    const parameters = names
      .split(" ")
      .map((name, i) => `'${name}': ${"bcdefghijklm"[i]}${i < 8 && i % 2 === 0 ? ".T" : ""}`);
    return d.call(
      (x, b, c, dd, e1, f, g, h, i, j, k, l, m) =>
        holding(
          new nn.TransformerEncoderLayer(e, heads, { dimFeedforward: wide, dropout: 0, ...options, ...like(x) }),
          {
            "selfAttn.inProjWeight": b,
            "selfAttn.inProjBias": c,
            "selfAttn.outProj.weight": dd,
            "selfAttn.outProj.bias": e1,
            "linear1.weight": f,
            "linear1.bias": g,
            "linear2.weight": h,
            "linear2.bias": i,
            "norm1.weight": j,
            "norm1.bias": k,
            "norm2.weight": l,
            "norm2.bias": m,
          },
        ).forward(x),
      `layer(nn.TransformerEncoderLayer(${e}, ${heads}, ${wide}, 0.0, ${keywords({ ...options, batchFirst: true })}), {${parameters.join(", ")}}, a)`,
    );
  },
} satisfies Readonly<Record<string, Row>>;
