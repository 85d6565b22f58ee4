/** Reading web addresses as people type them: with and without scheme, with a scheme misspelt, with stray marks. */
import { isIP } from 'node:net'

export type WebAddressReading =
  | { readonly is: 'web'; readonly url: URL }
  /** The reason completes the sentence "this value …". */
  | { readonly is: 'invalid'; readonly reason: string }

const invalid = (reason: string): WebAddressReading => ({ is: 'invalid', reason })

const labelPattern = /^(?:[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?)$/
const topPattern = /^(?:xn--[a-z0-9-]{2,59}|[a-z]{2,63})$/

/**
 * Reads cleaned text (see `clean`) as an address of the web; https where no scheme is given. Refuses what is no public
 * host name, so that `n/a`, `Acme` and `12345` are not mistaken for one.
 */
export function readWebAddress(cleaned: string): WebAddressReading {
  const text = cleaned.replace(/^[<"'([]+|[>"')\],;]+$/gu, '')
  if (/\s/u.test(text)) return invalid('has a space inside')
  const { scheme, rest } = schemeOf(text)
  if (scheme === 'other') return invalid('is no address of the web (http or https)')
  const host = /^[^/?#\\]*/u.exec(rest)?.[0] ?? ''
  if (host === '') return invalid('has no host')
  if (host.includes('@'))
    return invalid(scheme === 'none' ? 'is an e-mail address' : 'carries a user name or a password')
  if (/[,;]/u.test(host)) return invalid('holds several addresses')
  const url = parsed(`${scheme === 'http' ? 'http' : 'https'}://${rest}`)
  if (url === undefined) return invalid('cannot be read as a web address')
  return hostProblem(url, host, scheme !== 'none') ?? { is: 'web', url }
}

function hostProblem(url: URL, written: string, hasScheme: boolean): WebAddressReading | undefined {
  const host = url.hostname.replace(/\.$/u, '')
  if (host === '') return invalid('has no host')
  const address = host.replace(/^\[|\]$/gu, '')
  if (isIP(address) !== 0) {
    const sameText =
      written
        .replace(/:\d*$/u, '')
        .replace(/^\[|\]$/gu, '')
        .toLowerCase() === address
    return hasScheme && sameText ? undefined : invalid('is a number, not a host name')
  }
  const labels = host.split('.')
  if (labels.length < 2) return invalid('has a host without a top-level domain')
  if (!labels.every((label) => labelPattern.test(label))) return invalid('has a forbidden character in its host')
  if (!topPattern.test(labels.at(-1) ?? '')) return invalid('has no top-level domain at the end of its host')
  return undefined
}

/** What stands before the host. A misspelt http(s) counts as such; of `https://http://x` the inner one is taken. */
function schemeOf(text: string): { scheme: 'none' | 'http' | 'https' | 'other'; rest: string } {
  let rest = text
  let scheme: 'none' | 'http' | 'https' | 'other' = 'none'
  for (;;) {
    const web = /^(?:(h+t+p+)(s*)[:;][/\\]*|(http)(s?)[/\\]{2,}|(htp|htt|ttp)(s?):[/\\]*)/iu.exec(rest)
    if (web === null) break
    scheme = (web[2] ?? web[4] ?? web[6] ?? '') === '' ? 'http' : 'https'
    rest = rest.slice(web[0].length)
  }
  rest = rest.replace(/^[/\\]{2,}/u, '')
  if (scheme === 'none' && /^[a-z][a-z0-9+.-]*:(?!\d{1,5}(?:[/?#]|$))/iu.test(rest)) return { scheme: 'other', rest }
  return { scheme, rest }
}

function parsed(text: string): URL | undefined {
  try {
    return new URL(text)
  } catch {
    return undefined
  }
}
