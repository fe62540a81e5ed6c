/** A whole number as it is read: 7,168. */
export const whole = (value: number): string => value.toLocaleString("en-GB");
