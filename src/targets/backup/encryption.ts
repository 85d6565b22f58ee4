/**
 * Encrypts and decrypts files in the age format (age-encryption.org/v1), by the library of its author. That takes its time to
 * load, which a command that encrypts nothing is spared.
 */
import { createReadStream, createWriteStream } from 'node:fs'
import { pipeline } from 'node:stream/promises'
import type { Decrypter, Encrypter } from 'age-encryption'
import { messageOf, OperationalError } from '../../errors.ts'

/** Makes `to` (0600, must not be there). Throws BACKUP_RECIPIENT_INVALID, and what the file system throws. */
export async function encryptFile(from: string, to: string, recipients: readonly string[]): Promise<void> {
  const encrypter = await encrypterTo(recipients)
  const encrypted = await encrypter.encrypt(streamOf(from))
  await pipeline(chunksOf(encrypted), createWriteStream(to, { flags: 'wx', mode: 0o600, flush: true }))
}

/** Throws BACKUP_RECIPIENT_INVALID for a text that is no age recipient. */
export async function checkRecipients(recipients: readonly string[]): Promise<void> {
  if (recipients.length > 0) await encrypterTo(recipients)
}

async function encrypterTo(recipients: readonly string[]): Promise<Encrypter> {
  const { Encrypter } = await import('age-encryption')
  const encrypter = new Encrypter()
  for (const recipient of recipients) addRecipient(encrypter, recipient)
  return encrypter
}

function addRecipient(encrypter: Encrypter, recipient: string): void {
  try {
    encrypter.addRecipient(recipient)
  } catch (error) {
    const shown = recipient.startsWith('age1') ? recipient : 'a text that does not begin with age1'
    throw new OperationalError('BACKUP_RECIPIENT_INVALID', `${shown} is no age recipient: ${messageOf(error)}`)
  }
}

/** The private keys in the text of an identity file, as `age-keygen` writes it. Throws BACKUP_KEY_NEEDED without any. */
export function identitiesIn(text: string, file: string): readonly string[] {
  const lines = text.split('\n').map((line) => line.trim())
  const found = lines.filter((line) => line.startsWith('AGE-SECRET-KEY-'))
  if (found.length > 0) return found
  throw new OperationalError('BACKUP_KEY_NEEDED', `${file} holds no age private key`, {
    hint: 'Give the file that `age-keygen -o FILE` wrote: it has a line that begins with AGE-SECRET-KEY-1.',
  })
}

/** Decrypts into `to`. Throws BACKUP_KEY_NEEDED for keys that do not open it, BACKUP_DAMAGED for bytes that were changed. */
export async function decryptFile(from: string, to: string, identities: readonly string[]): Promise<void> {
  const { Decrypter } = await import('age-encryption')
  const decrypter = new Decrypter()
  try {
    for (const identity of identities) decrypter.addIdentity(identity)
  } catch (error) {
    // The message of the library may hold what was given.
    throw new OperationalError('BACKUP_KEY_NEEDED', 'what was given is no age private key', { cause: error })
  }
  let plain: Awaited<ReturnType<typeof openStream>>
  try {
    plain = await openStream(decrypter, from)
  } catch (error) {
    if (!/no identity matched/i.test(messageOf(error))) throw damaged(from, error)
    throw new OperationalError('BACKUP_KEY_NEEDED', `none of the given keys opens ${from}`, {
      hint: 'Give the private key that belongs to one of the recipients it was encrypted to.',
    })
  }
  try {
    await pipeline(chunksOf(plain), createWriteStream(to, { flags: 'wx', mode: 0o600 }))
  } catch (error) {
    if (error instanceof Error && 'code' in error && typeof error.code === 'string' && /^E[A-Z]+$/.test(error.code))
      throw error
    throw damaged(from, error)
  }
}

function openStream(decrypter: Decrypter, from: string) {
  return decrypter.decrypt(streamOf(from))
}

/** The library speaks web streams, whose types in Node and in the library are not each other's. */
function streamOf(path: string): ReadableStream<Uint8Array> {
  const chunks: AsyncIterator<unknown> = createReadStream(path)[Symbol.asyncIterator]()
  return new ReadableStream<Uint8Array>({
    async pull(controller) {
      const { value, done } = await chunks.next()
      if (value instanceof Uint8Array) controller.enqueue(value)
      if (done === true) controller.close()
    },
    async cancel() {
      await chunks.return?.()
    },
  })
}

async function* chunksOf(stream: ReadableStream<Uint8Array>): AsyncGenerator<Uint8Array> {
  const reader = stream.getReader()
  for (;;) {
    const { value, done } = await reader.read()
    if (done) return
    yield value
  }
}

function damaged(file: string, error: unknown): OperationalError {
  return new OperationalError('BACKUP_DAMAGED', `${file} cannot be decrypted: ${messageOf(error)}`, { cause: error })
}
