/**
 * Records and their numbers as SQLite stores them (https://www.sqlite.org/fileformat2.html#record_format). Pure, and made
 * for bytes that may be damaged: what cannot be a whole record is refused, never read in part.
 */

/** A text as its bytes, where these are no valid text: it is stored again as it is, and its record is doubtful. */
export interface RawText {
  readonly rawText: Uint8Array
}
/** Integers are bigint, so that a whole number in a column for reals stays told from a real. */
export type SalvagedCell = null | bigint | number | string | Uint8Array | RawText

export type TextEncodingName = 'utf-8' | 'utf-16le' | 'utf-16be'

/** Whether a cell is a text that is none in the encoding of its database. */
export function isRawText(cell: SalvagedCell): cell is RawText {
  return typeof cell === 'object' && cell !== null && 'rawText' in cell
}

/** Reads a number of one to nine bytes; undefined where the bytes end before it does. */
export function readVarint(
  bytes: Uint8Array,
  at: number,
): { readonly value: bigint; readonly next: number } | undefined {
  let value = 0n
  for (let index = 0; index < 9; index += 1) {
    const byte = bytes[at + index]
    if (byte === undefined) return undefined
    if (index === 8) return { value: BigInt.asIntN(64, (value << 8n) | BigInt(byte)), next: at + 9 }
    value = (value << 7n) | BigInt(byte & 0x7f)
    if (byte < 0x80) return { value: BigInt.asIntN(64, value), next: at + index + 1 }
  }
  return undefined
}

/** As {@link readVarint}, for sizes and counts: undefined also for what is negative or beyond any file. */
export function readSize(bytes: Uint8Array, at: number): { readonly value: number; readonly next: number } | undefined {
  const read = readVarint(bytes, at)
  if (read === undefined || read.value < 0n || read.value > 0x7fffffffn) return undefined
  return { value: Number(read.value), next: read.next }
}

const integerBytes = [0, 1, 2, 3, 4, 6, 8] as const

/** Bytes that a value of a serial type takes; undefined for the two types that no file holds. */
function bytesOf(serial: number): number | undefined {
  if (serial <= 6) return integerBytes[serial]
  if (serial === 7) return 8
  if (serial === 8 || serial === 9) return 0
  return serial < 12 ? undefined : (serial - (serial % 2 === 0 ? 12 : 13)) / 2
}

/** Serial types of a record; undefined where the payload is no record that fills it exactly. */
function serialsOf(payload: Uint8Array): { readonly serials: readonly number[]; readonly from: number } | undefined {
  const header = readSize(payload, 0)
  if (header === undefined || header.value < header.next || header.value > payload.length) return undefined
  const serials: number[] = []
  let body = header.value
  let at = header.next
  while (at < header.value) {
    const serial = readSize(payload, at)
    const bytes = serial === undefined ? undefined : bytesOf(serial.value)
    if (serial === undefined || bytes === undefined || serial.next > header.value) return undefined
    serials.push(serial.value)
    body += bytes
    at = serial.next
  }
  return body === payload.length ? { serials, from: header.value } : undefined
}

/** The values of a record; undefined where the payload is none. */
export function readRecord(payload: Uint8Array, encoding: TextEncodingName): readonly SalvagedCell[] | undefined {
  const head = serialsOf(payload)
  if (head === undefined) return undefined
  let at = head.from
  return head.serials.map((serial) => {
    const bytes = payload.subarray(at, at + (bytesOf(serial) ?? 0))
    at += bytes.length
    return cellOf(serial, bytes, encoding)
  })
}

function cellOf(serial: number, bytes: Uint8Array, encoding: TextEncodingName): SalvagedCell {
  if (serial === 0) return null
  if (serial === 8) return 0n
  if (serial === 9) return 1n
  if (serial <= 6) return integerOf(bytes)
  if (serial === 7) return new DataView(bytes.buffer, bytes.byteOffset, 8).getFloat64(0)
  return serial % 2 === 0 ? Uint8Array.from(bytes) : textOf(bytes, encoding)
}

function integerOf(bytes: Uint8Array): bigint {
  let value = 0n
  for (const byte of bytes) value = (value << 8n) | BigInt(byte)
  return BigInt.asIntN(bytes.length * 8, value)
}

const decoders = {
  'utf-8': new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }),
  'utf-16le': new TextDecoder('utf-16le', { fatal: true, ignoreBOM: true }),
  'utf-16be': new TextDecoder('utf-16be', { fatal: true, ignoreBOM: true }),
}

function textOf(bytes: Uint8Array, encoding: TextEncodingName): string | RawText {
  try {
    return decoders[encoding].decode(bytes)
  } catch (error) {
    // Of a fatal decoder: the bytes are no text.
    if (!(error instanceof TypeError)) throw error
    return { rawText: Uint8Array.from(bytes) }
  }
}
