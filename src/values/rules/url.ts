import { z } from 'zod'
import { isPlaceholder } from '../placeholder.ts'
import { canonical, defineRule, settled, unmendable } from '../rule.ts'
import { readWebAddress } from '../web-address.ts'
import { clean } from '../whitespace.ts'

const options = z.strictObject({
  /** The scheme to have. An address with a port of its own keeps its scheme. */
  protocol: z.enum(['https', 'http', 'keep']).default('https'),
  trailingSlash: z.enum(['remove', 'add', 'keep']).default('remove'),
  /** Drops parameters that only tell where a visitor came from (utm_…, gclid, fbclid). */
  tracking: z.enum(['remove', 'keep']).default('remove'),
  /** Whether a leading `www.` is dropped. */
  www: z.enum(['remove', 'keep']).default('keep'),
})
type Options = z.output<typeof options>

/** Parameters of campaigns and click counters, none of which a page needs to be found again. */
const trackingParameter =
  /^(?:utm_[a-z_]+|gclid|gclsrc|dclid|gbraid|wbraid|fbclid|msclkid|yclid|twclid|ttclid|li_fat_id|igshid|igsh|mc_cid|mc_eid|_hsenc|_hsmi|__hstc|__hssc|__hsfp|hsctatracking|mkt_tok|oly_enc_id|oly_anon_id|vero_id|_openstat|trk|trkinfo|originalsubdomain|s_cid|_ga|_gl)$/i

/** Most addresses that are in standard form under the usual options, told at once. */
const plain = /^https:\/\/(?=[^/]{1,63}(?:\/|$))(?:[a-z0-9]+(?:-[a-z0-9]+)*\.)+[a-z]{2,24}(?:\/[A-Za-z0-9_-]+)*$/

const reason = 'web address in standard form'

function isPlainUnder(value: string, settings: Options): boolean {
  if (settings.protocol === 'http' || settings.trailingSlash === 'add') return false
  if (settings.trailingSlash === 'keep' && value.indexOf('/', 8) < 0) return false
  return settings.www === 'keep' || !value.startsWith('https://www.')
}

/** Web addresses: one scheme, lower-case host, no tracking parameters, one way with trailing slashes. */
export const url = defineRule({
  name: 'url',
  version: 1,
  summary: 'Web address with scheme, lower-case host, no tracking parameters, and trailing slashes one way.',
  options,
  prepare: (settings) => (value) => {
    if (plain.test(value) && isPlainUnder(value, settings)) return canonical
    const cleaned = clean(value)
    if (isPlaceholder(cleaned)) return unmendable('is a placeholder, not a web address')
    const reading = readWebAddress(cleaned)
    if (reading.is === 'invalid') return unmendable(reading.reason)
    const written = addressOf(reading.url, settings)
    if (plain.test(written) && isPlainUnder(written, settings)) return settled(value, written, reason)
    // A host such as `www.com` is only a host as long as its www stays.
    const again = readWebAddress(written)
    if (again.is === 'invalid' || addressOf(again.url, settings) !== written)
      return unmendable('has no stable form as a web address')
    return settled(value, written, reason)
  },
})

function addressOf(url: URL, settings: Options): string {
  const port = url.port === '' ? '' : `:${url.port}`
  const written = url.protocol.slice(0, -1)
  const scheme = settings.protocol === 'keep' || port !== '' ? written : settings.protocol
  const bare = url.hostname.replace(/\.$/u, '')
  const host = settings.www === 'remove' ? bare.replace(/^www\.(?=[^.]+\.)/u, '') : bare
  const search = settings.tracking === 'remove' ? withoutTracking(url.search) : url.search
  return `${scheme}://${host}${port}${pathOf(url.pathname, settings.trailingSlash)}${search}${url.hash}`
}

function pathOf(path: string, trailingSlash: Options['trailingSlash']): string {
  switch (trailingSlash) {
    case 'remove':
      return path.replace(/\/+$/u, '')
    case 'add':
      // A last part with a dot is a file, which has no slash.
      return path.endsWith('/') || /\.[^/]*$/u.test(path) ? path : `${path}/`
    case 'keep':
      return path
  }
}

function withoutTracking(search: string): string {
  if (search.length < 2) return ''
  const kept = search
    .slice(1)
    .split('&')
    .filter((parameter) => parameter !== '' && !trackingParameter.test(parameter.split('=', 1)[0] ?? ''))
  return kept.length === 0 ? '' : `?${kept.join('&')}`
}
