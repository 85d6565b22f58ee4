/** Reading numbers as people write them, with thousands separators, currency signs and decimal commas. */

/**
 * The number, or undefined. `1,234` is a thousand (a comma before exactly three digits groups); `1,5` is one and a
 * half; of two different separators the last is the decimal one.
 */
export function readNumberText(value: string): number | undefined {
  const text = value
    .trim()
    .replace(/^([+-]?)\s*[$€£¥]\s*/u, '$1')
    .replace(/\s*[$€£¥%]$/u, '')
    .replace(/^[−–]/u, '-')
    .replace(/(\d)[\s'’](?=\d{3}(?!\d))/gu, '$1')
  if (/^[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:e[+-]?\d{1,3})?$/iu.test(text)) return finite(text)
  if (/^[+-]?\d{1,3}(?:,\d{3})+(?:\.\d+)?$/u.test(text)) return finite(text.replaceAll(',', ''))
  if (/^[+-]?\d{1,3}(?:\.\d{3})+,\d+$/u.test(text) || /^[+-]?\d{1,3}(?:\.\d{3}){2,}$/u.test(text))
    return finite(text.replaceAll('.', '').replace(',', '.'))
  if (/^[+-]?\d+,\d+$/u.test(text)) return finite(text.replace(',', '.'))
  return undefined
}

function finite(text: string): number | undefined {
  const number = Number(text)
  return Number.isFinite(number) ? number : undefined
}
