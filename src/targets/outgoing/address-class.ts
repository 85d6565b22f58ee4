/** What an IP address leads to. Pure. */
import { isIP } from 'node:net'

/**
 * `public`: some machine of the internet. `loopback` and `private`: this machine and its neighbours. `never`: nothing that
 * anybody means, foremost the metadata services of clouds, which give away credentials.
 */
export type AddressClass = 'public' | 'loopback' | 'private' | 'never'

/** The class of an address in any of its forms; `never` for what is no address. */
export function addressClass(address: string): AddressClass {
  const bare = address.replace(/^\[|\]$/g, '')
  if (bare.includes('%')) return 'never'
  switch (isIP(bare)) {
    case 4:
      return classOf4(bare.split('.').map(Number))
    case 6:
      return classOf6(groupsOf(bare))
    default:
      return 'never'
  }
}

function classOf4([a = 0, b = 0, c = 0, d = 0]: readonly number[]): AddressClass {
  if (a === 127) return 'loopback'
  if (a === 10 || (a === 172 && b >= 16 && b <= 31) || (a === 192 && b === 168)) return 'private'
  // Shared by carriers, and used within clusters; 100.100.100.200 is a metadata service.
  if (a === 100 && b >= 64 && b <= 127) return a === 100 && b === 100 && c === 100 && d === 200 ? 'never' : 'private'
  const isReserved =
    a === 0 ||
    (a === 169 && b === 254) ||
    (a === 192 && b === 0 && (c === 0 || c === 2)) ||
    (a === 192 && b === 88 && c === 99) ||
    (a === 198 && (b === 18 || b === 19)) ||
    (a === 198 && b === 51 && c === 100) ||
    (a === 203 && b === 0 && c === 113) ||
    a >= 224
  return isReserved ? 'never' : 'public'
}

function classOf6(groups: readonly number[]): AddressClass {
  const [first = 0, second = 0] = groups
  const low = groups.slice(6)
  const isZero = (from: number, to: number) => groups.slice(from, to).every((group) => group === 0)
  if (isZero(0, 7) && groups[7] === 1) return 'loopback'
  // An IPv4 address in the clothes of another: it is never needed, and often a way round a check.
  const isMapped = isZero(0, 5) && (groups[5] === 0xffff || groups[5] === 0)
  if (isMapped) return 'never'
  // NAT64 and 6to4 lead where the IPv4 address in them leads.
  if (first === 0x64 && second === 0xff9b)
    return isZero(2, 6) && classOf4(bytesOf(low)) === 'public' ? 'public' : 'never'
  if (first === 0x2002) return classOf4(bytesOf(groups.slice(1, 3))) === 'public' ? 'public' : 'never'
  if ((first & 0xfe00) === 0xfc00) return first === 0xfd00 && second === 0xec2 ? 'never' : 'private'
  // Of what is assigned, only 2000::/3 is the internet; Teredo and documentation lie within.
  const isInternet = (first & 0xe000) === 0x2000
  const isSpecial = first === 0x2001 && (second === 0 || second === 0xdb8)
  return isInternet && !isSpecial ? 'public' : 'never'
}

function bytesOf([high = 0, low = 0]: readonly number[]): readonly number[] {
  return [high >> 8, high & 0xff, low >> 8, low & 0xff]
}

/** The eight groups of a valid IPv6 address. */
function groupsOf(address: string): readonly number[] {
  const text = address.replace(/(\d+)\.(\d+)\.(\d+)\.(\d+)$/, (_all, a, b, c, d) => {
    const hex = (high: string, low: string) => ((Number(high) << 8) | Number(low)).toString(16)
    return `${hex(a, b)}:${hex(c, d)}`
  })
  const [before = '', after] = text.split('::')
  const parts = (half: string) => (half === '' ? [] : half.split(':').map((group) => Number.parseInt(group, 16)))
  const [head, tail] = [parts(before), parts(after ?? '')]
  const gap = after === undefined ? 0 : 8 - head.length - tail.length
  return [...head, ...Array.from({ length: gap }, () => 0), ...tail]
}
