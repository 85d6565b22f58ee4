/**
 * Which address a request comes from. What a header says of it, anybody can say: only a declared proxy is believed, and of
 * the addresses that it lists, the last one that is no proxy's itself.
 */
import type { IncomingMessage } from 'node:http'
import { BlockList, isIP } from 'node:net'

export interface Addresses {
  isProxy(request: IncomingMessage): boolean
  /** What rates are counted by: an address, or the network of 64 bits that one subscriber has of IPv6. */
  rateKey(request: IncomingMessage): string
}

const hopsMax = 30

/** @param declared addresses and networks, as `access.proxy.addresses` has them. */
export function createAddresses(declared: readonly string[]): Addresses {
  const proxies = new BlockList()
  for (const text of declared) {
    const [address = '', bits] = text.split('/')
    const family = familyOf(address)
    if (family === undefined) continue
    if (bits === undefined) proxies.addAddress(address, family)
    else proxies.addSubnet(address, Number(bits), family)
  }
  const isOne = (address: string) => {
    const family = familyOf(address)
    return family !== undefined && proxies.check(address, family)
  }
  const peerOf = (request: IncomingMessage) => plain(request.socket.remoteAddress ?? '')

  function clientOf(request: IncomingMessage): string {
    const peer = peerOf(request)
    const header = request.headers['x-forwarded-for']
    if (!isOne(peer) || header === undefined) return peer
    const hops = String(header).split(',').slice(-hopsMax).map(hopOf).reverse()
    let nearest = peer
    for (const hop of hops) {
      // What is no address came from somebody who is no proxy; what stands before it proves nothing.
      if (hop === undefined) return nearest
      nearest = hop
      if (!isOne(hop)) return hop
    }
    return nearest
  }

  return {
    isProxy: (request) => isOne(peerOf(request)),
    rateKey: (request) => networkOf(clientOf(request)),
  }
}

function familyOf(address: string): 'ipv4' | 'ipv6' | undefined {
  const family = isIP(address)
  return family === 4 ? 'ipv4' : family === 6 ? 'ipv6' : undefined
}

/** Of IPv4 within IPv6 as of IPv4; zones are of this machine alone. */
function plain(address: string): string {
  return address.replace(/^::ffff:(?=\d+\.)/i, '').replace(/%.*$/, '')
}

/** `1.2.3.4`, `1.2.3.4:5678`, `[2001:db8::1]:443` and `2001:db8::1`; undefined for anything else. */
function hopOf(text: string): string | undefined {
  const trimmed = text.trim()
  const bare =
    /^\[([^\]]+)\](?::\d+)?$/.exec(trimmed)?.[1] ?? /^(\d+\.\d+\.\d+\.\d+):\d+$/.exec(trimmed)?.[1] ?? trimmed
  const address = plain(bare)
  return isIP(address) === 0 ? undefined : address
}

function networkOf(address: string): string {
  if (isIP(address) !== 6) return address
  const [head = '', tail = ''] = address.toLowerCase().split('::')
  const before = head === '' ? [] : head.split(':')
  const after = tail === '' ? [] : tail.split(':')
  const zeros = address.includes('::') ? 8 - before.length - after.length : 0
  return [...before, ...Array<string>(Math.max(0, zeros)).fill('0'), ...after]
    .slice(0, 4)
    .map((part) => part.replace(/^0+(?=.)/, ''))
    .join(':')
}
