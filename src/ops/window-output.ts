/** How many places a sliding window has. */

/** The output size of a window sliding along one axis (torch.nn.Conv2d, "Shape"). */
export function windowOutput(
  size: number,
  kernel: number,
  stride: number,
  padding: number,
  dilation: number,
  paddingEnd = padding,
): number {
  return Math.floor((size + padding + paddingEnd - dilation * (kernel - 1) - 1) / stride) + 1;
}
