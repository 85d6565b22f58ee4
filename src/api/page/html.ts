/** HTML by template: every value is escaped unless it is HTML made here. */

export class Html {
  readonly text: string
  constructor(text: string) {
    this.text = text
  }
}

type Value = Html | string | number | null | undefined | readonly (Html | string)[]

const entities: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
}

function escaped(text: string): string {
  return text.replace(/[&<>"']/g, (character) => entities[character] ?? '')
}

function rendered(value: Value): string {
  if (value === null || value === undefined) return ''
  if (value instanceof Html) return value.text
  if (typeof value === 'object') return value.map(rendered).join('')
  return escaped(String(value))
}

/** A piece of HTML; interpolated values are escaped, interpolated pieces are not. */
export function raw(parts: TemplateStringsArray, ...values: readonly Value[]): Html {
  return new Html(parts.map((part, at) => part + rendered(values[at])).join(''))
}

/** A whole page without a script. */
export function page(options: { readonly title: string; readonly stylesheet: string; readonly body: Html }): string {
  return raw`<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>${options.title} · Trueup</title><link rel="stylesheet" href="${options.stylesheet}"><link rel="icon" href="data:,"></head>
<body>${options.body}</body></html>
`.text
}
