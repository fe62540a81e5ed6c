/** Copies `count` pieces of so many bytes, a multiple of four; where they begin, they are `fromStep` and `toStep` apart. */
export function copyPieces(from: usize, fromStep: usize, to: usize, toStep: usize, size: usize, count: i32): void {
  const whole = size & ~15;
  for (let i = 0; i < count; i++) {
    if (size > 1024) memory.copy(to, from, size);
    else {
      let at: usize = 0;
      for (; at < whole; at += 16) v128.store(to + at, v128.load(from + at));
      for (; at < size; at += 4) store<u32>(to + at, load<u32>(from + at));
    }
    from += fromStep;
    to += toStep;
  }
}
