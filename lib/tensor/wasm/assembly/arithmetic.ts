/**
 * sum + x·y in each of the four lanes. The build with relaxed SIMD leaves it to the processor's fused multiply-add, with
 * one rounding instead of two.
 */
export function multiplyAdd(x: v128, y: v128, sum: v128): v128 {
  if (ASC_FEATURE_RELAXED_SIMD) return f32x4.relaxed_madd(x, y, sum);
  return f32x4.add(f32x4.mul(x, y), sum);
}

/** Bytes of so many float32. */
export function bytes(floats: i32): usize {
  return (<usize>floats) << 2;
}
