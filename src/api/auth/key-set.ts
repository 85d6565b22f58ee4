/** The public keys that tokens of a provider are checked with: a key set (JWKS) from a web address, or from a file. */
import { statSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import {
  createLocalJWKSet,
  createRemoteJWKSet,
  customFetch,
  type JWTVerifyGetKey,
  type RemoteJWKSetOptions,
} from 'jose'
import { z } from 'zod'
import { messageOf } from '../../errors.ts'

/** The keys are not to be had now; what a token says cannot be checked. */
export class KeysUnavailable extends Error {}

export type KeySource = { readonly url: string } | { readonly file: string }

/** Who asks the provider; replaced where all that goes out passes a guard. */
export type FetchKeys = NonNullable<RemoteJWKSetOptions[typeof customFetch]>

const answerMs = 5000
/** A key set holds a few keys of some kilobytes. */
const bytesMax = 262_144
/** A provider that exchanged its keys is asked again at once where a token names an unknown one, but not more often. */
const askAgainMs = 30_000
const keptMs = 600_000

const keySetSchema = z.looseObject({ keys: z.array(z.record(z.string(), z.unknown())) })

/** Opens a source; nothing is read before the first token. Its keys throw {@link KeysUnavailable} where it cannot be read. */
export function openKeySet(source: KeySource, pathOf: (file: string) => string, fetchKeys: FetchKeys): JWTVerifyGetKey {
  return 'url' in source ? remoteKeys(source.url, fetchKeys) : fileKeys(pathOf(source.file))
}

function remoteKeys(url: string, fetchKeys: FetchKeys): JWTVerifyGetKey {
  return createRemoteJWKSet(new URL(url), {
    timeoutDuration: answerMs,
    cooldownDuration: askAgainMs,
    cacheMaxAge: keptMs,
    [customFetch]: async (address, options) => {
      try {
        return await bounded(await fetchKeys(address, options))
      } catch (error) {
        throw new KeysUnavailable(`the keys at ${url} are not to be had: ${messageOf(error)}`)
      }
    },
  })
}

/** An answer that has no end takes neither memory nor time without one. */
async function bounded(answer: Response): Promise<Response> {
  // Not one that leads elsewhere: only the declared address is trusted.
  if (answer.status !== 200) throw new Error(`it answered ${answer.status}`)
  const chunks: Uint8Array[] = []
  let size = 0
  for await (const chunk of answer.body ?? []) {
    size += chunk.byteLength
    if (size > bytesMax) throw new Error('its answer has more than 256 KiB')
    chunks.push(chunk)
  }
  return new Response(Buffer.concat(chunks), { headers: { 'content-type': 'application/json' } })
}

function fileKeys(path: string): JWTVerifyGetKey {
  let known: { readonly stamp: string; readonly keys: JWTVerifyGetKey } | undefined
  return async (header, token) => {
    const stat = statSync(path, { bigint: true, throwIfNoEntry: false })
    const stamp = stat === undefined ? 'absent' : `${stat.ino} ${stat.mtimeNs} ${stat.size}`
    if (known?.stamp !== stamp) known = { stamp, keys: await readKeys(path) }
    return known.keys(header, token)
  }
}

async function readKeys(path: string): Promise<JWTVerifyGetKey> {
  try {
    return createLocalJWKSet(keySetSchema.parse(JSON.parse(await readFile(path, 'utf8'))))
  } catch (error) {
    const why =
      error instanceof z.ZodError || error instanceof SyntaxError ? 'it is no key set (JWKS)' : messageOf(error)
    throw new KeysUnavailable(`the keys in ${path} cannot be read: ${why}`)
  }
}
