/** Reading e-mail addresses: what RFC 5321 allows between mail servers, without comments, folding or address literals. */

export type EmailReading =
  | { readonly is: 'email'; readonly local: string; readonly domain: string }
  /** The reason completes the sentence "this value …". */
  | { readonly is: 'invalid'; readonly reason: string }

const localMaxOctets = 64
const domainMaxOctets = 253
const addressMaxOctets = 254

/** Most addresses, decided at once. */
const usual = /^[a-z0-9_'+-]+(?:\.[a-z0-9_'+-]+)*@(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]{2,24}$/i
const atom = /^(?:[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]|[\p{L}\p{N}\p{M}\p{S}]|[^\p{ASCII}\p{C}\p{Z}])+$/u
/** A quoted local part without white space: printable ASCII, with quotation mark and backslash escaped. */
const quoted = /^"(?:[\x21\x23-\x5b\x5d-\x7e]|\\[\x21-\x7e])*"$/
const label = /^[\p{L}\p{N}](?:[\p{L}\p{N}\p{M}-]{0,61}[\p{L}\p{N}\p{M}])?$/u

const invalid = (reason: string): EmailReading => ({ is: 'invalid', reason })

/** Reads one address as it stands; nothing is trimmed or repaired. */
export function readEmail(value: string): EmailReading {
  if (value.length <= localMaxOctets && usual.test(value)) return split(value, value.lastIndexOf('@'))
  if (/\s/u.test(value)) return invalid(/@.*[\s,;].*@/u.test(value) ? 'holds several addresses' : 'has a space inside')
  const quotedLocal = /^"(?:[^"\\]|\\.)*"@/u.exec(value)
  const at = quotedLocal === null ? value.indexOf('@') : quotedLocal[0].length - 1
  if (at < 0) return invalid('has no @')
  if (value.indexOf('@', at + 1) >= 0)
    return invalid(/[,;]/u.test(value) ? 'holds several addresses' : 'has more than one @')
  const problem = localProblem(value.slice(0, at)) ?? domainProblem(value.slice(at + 1)) ?? lengthProblem(value)
  return problem === undefined ? split(value, at) : invalid(problem)
}

function split(value: string, at: number): EmailReading {
  return { is: 'email', local: value.slice(0, at), domain: value.slice(at + 1) }
}

function localProblem(local: string): string | undefined {
  if (local === '') return 'has nothing before the @'
  if (octets(local) > localMaxOctets) return `has more than ${localMaxOctets} characters before the @`
  if (local.startsWith('"')) return quoted.test(local) ? undefined : 'is not quoted as it must be before the @'
  if (local.startsWith('.') || local.endsWith('.')) return 'has a dot at an end of the part before the @'
  if (local.includes('..')) return 'has two dots in a row before the @'
  return local.split('.').every((part) => atom.test(part)) ? undefined : 'has a forbidden character before the @'
}

function domainProblem(domain: string): string | undefined {
  if (domain === '') return 'has no domain after the @'
  if (domain.startsWith('[')) return 'has an address literal instead of a domain'
  const labels = domain.split('.')
  if (labels.includes('')) return 'has a dot too many in its domain'
  if (labels.length < 2) return 'has a domain without a dot'
  if (octets(domain) > domainMaxOctets) return 'has too long a domain'
  if (labels.some((part) => [...part].length > 63)) return 'has a part of more than 63 characters in its domain'
  if (!labels.every((part) => label.test(part))) return 'has a forbidden character in its domain'
  const top = labels.at(-1) ?? ''
  return /^(?:xn--[a-z0-9-]+|[\p{L}\p{M}]{2,})$/iu.test(top) ? undefined : 'has no top-level domain at its end'
}

function lengthProblem(value: string): string | undefined {
  return octets(value) > addressMaxOctets ? `has more than ${addressMaxOctets} characters` : undefined
}

function octets(value: string): number {
  return Buffer.byteLength(value)
}
