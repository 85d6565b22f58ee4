/** Figures as people read them. */

/** Four octal digits, for example `0600`. */
export function modeText(mode: number): string {
  return mode.toString(8).padStart(4, '0')
}

/** `1.2 MB`: decimal units, two significant digits or whole numbers. */
export function bytesText(bytes: number): string {
  const units = ['bytes', 'kB', 'MB', 'GB', 'TB']
  const step = Math.min(units.length - 1, Math.max(0, Math.floor(Math.log10(Math.max(1, bytes)) / 3)))
  const amount = bytes / 1000 ** step
  return `${amount >= 10 || step === 0 ? Math.round(amount) : amount.toFixed(1)} ${units[step]}`
}

/** `26 h`, `7 d`: the largest unit in which it is two or more. */
export function durationText(durationMs: number): string {
  const units: readonly (readonly [number, string])[] = [
    [86_400_000, 'd'],
    [3_600_000, 'h'],
    [60_000, 'min'],
    [1000, 's'],
  ]
  const [unitMs, name] = units.find(([ms]) => durationMs >= 2 * ms) ?? [1, 'ms']
  return `${Math.round(durationMs / unitMs)} ${name}`
}
