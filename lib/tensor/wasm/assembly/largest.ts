/** The k largest of some numbers: their places, the largest first, of equal ones the lower place first. */
import { bytes } from "./arithmetic";

/**
 * @param values [N, columns]
 * @param places int32 [N, k], the columns of the k largest of each row
 */
export function largestPlaces(values: usize, places: usize, N: i32, columns: i32, k: i32): void {
  for (let n = 0; n < N; n++) {
    insertLargest(values, 0, columns, k, places, 0);
    values += bytes(columns);
    places += bytes(k);
  }
}

/**
 * @param values [N, columns]
 * @param mask [N, columns], 1 for the k largest of each row, else 0
 * @param scratch where k numbers have room
 */
export function largestMask(values: usize, mask: usize, scratch: usize, N: i32, columns: i32, k: i32): void {
  memory.fill(mask, 0, bytes(N * columns));
  for (let n = 0; n < N; n++) {
    insertLargest(values, 0, columns, k, scratch, 0);
    for (let i = 0; i < k; i++) store<f32>(mask + bytes(load<i32>(scratch + bytes(i))), 1);
    values += bytes(columns);
    mask += bytes(columns);
  }
}

/**
 * Goes on looking for the k largest of some numbers: those found so far are kept in falling order, of equal ones the lower
 * place first, and most numbers are only compared with the least of them.
 *
 * @param first of `count` places; those of earlier calls came before
 * @param out int32 [k], the places
 * @param found how many of them there are
 * @returns how many there are now
 */
export function insertLargest(values: usize, first: i32, count: i32, k: i32, out: usize, found: i32): i32 {
  let least: f32 = found === k ? load<f32>(values + bytes(load<i32>(out + bytes(k - 1)))) : 0;
  for (let place = first; place < first + count; place++) {
    const value = load<f32>(values + bytes(place));
    if (found === k && !(value > least)) continue;
    let i = found === k ? k - 1 : found++;
    for (; i > 0; i--) {
      const before = load<i32>(out + bytes(i - 1));
      if (!(value > load<f32>(values + bytes(before)))) break;
      store<i32>(out + bytes(i), before);
    }
    store<i32>(out + bytes(i), place);
    if (found === k) least = load<f32>(values + bytes(load<i32>(out + bytes(k - 1))));
  }
  return found;
}
