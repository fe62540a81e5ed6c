/** Contrast of colours as WCAG 2 defines it, from 1 to 21. */

export type Rgb = [number, number, number];

export const LIGHT = "#ffffff";
export const DARK = "#111111"; // JupyterLab's dark theme

/** "#rrggbb" as linear sRGB. */
export function linear(hex: string): Rgb {
  const channel = (at: number) => {
    const value = parseInt(hex.slice(at, at + 2), 16) / 255;
    return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
  };
  return [channel(1), channel(3), channel(5)];
}

export const luminance = ([r, g, b]: Rgb) => 0.2126 * r + 0.7152 * g + 0.0722 * b;

export function contrast(a: string, b: string): number {
  const [low, high] = [luminance(linear(a)), luminance(linear(b))].sort((x, y) => x - y);
  return (high + 0.05) / (low + 0.05);
}
