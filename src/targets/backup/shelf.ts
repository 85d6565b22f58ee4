/**
 * Sets in a store that speaks S3. A shelf is a folder of `.trueup` that holds of each set there its manifest and what lies
 * beside it, so that everything that asks for the sets of a folder can be answered; the sets themselves are in the store.
 * There a set is the objects below its id, its manifest the last: without one it is none. Nothing is written over.
 */
import { createHash, randomUUID } from 'node:crypto'
import {
  createWriteStream,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { z } from 'zod'
import { OperationalError } from '../../errors.ts'
import { hashOf } from '../../json.ts'
import { createS3, type S3, type S3Object } from '../s3/client.ts'
import { s3PlaceSchema } from '../s3/place.ts'
import { type Manifest, manifestName, parseSetId } from './manifest.ts'
import { objectsName, prunedFolder, shelfProblemName, takeBack } from './sets.ts'

const referenceSchema = z.union([z.strictObject({ env: z.string() }), z.strictObject({ file: z.string() })])

export const remoteSchema = z.strictObject({
  /** As declared: `s3://bucket/prefix`. */
  shown: z.string(),
  place: s3PlaceSchema,
  accessKeyId: referenceSchema,
  secretAccessKey: referenceSchema,
  sessionToken: referenceSchema.nullable(),
})
export type Remote = Readonly<z.output<typeof remoteSchema>>

/** What it takes to reach a store. Secrets are read at the moment that they are needed. */
export interface ShelfPorts {
  readonly secrets: (reference: { readonly env: string } | { readonly file: string }) => Promise<string>
  readonly clock: { readonly sleep: (ms: number, signal?: AbortSignal) => Promise<void> }
}

const placeName = '.place.json'

export function shelfFolder(ownFolder: string, remote: Remote): string {
  return join(ownFolder, 'shelves', hashOf(remote.place).slice(0, 12))
}

/** What a folder is the shelf of; undefined for a folder that holds its sets itself. */
export function remoteOf(folder: string): Remote | undefined {
  const path = join(folder, placeName)
  return existsSync(path) ? remoteSchema.parse(JSON.parse(readFileSync(path, 'utf8'))) : undefined
}

/** How a person names a folder of sets. */
export function shownPlace(folder: string): string {
  return remoteOf(folder)?.shown.replace(/\/+$/, '') ?? folder
}

/** Makes the shelf of a store where it is not there; what it holds is found by {@link refreshShelf}. */
export function ensureShelf(folder: string, remote: Remote): void {
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  replace(join(folder, placeName), JSON.stringify(remote))
}

async function storeOf(folder: string, { secrets, clock }: ShelfPorts): Promise<S3> {
  const remote = remoteOf(folder)
  if (remote === undefined) throw new OperationalError('BACKUP_TARGET_UNUSABLE', `${folder} is the shelf of nothing`)
  const credentials = {
    accessKeyId: await secrets(remote.accessKeyId),
    secretAccessKey: await secrets(remote.secretAccessKey),
    ...(remote.sessionToken === null ? {} : { sessionToken: await secrets(remote.sessionToken) }),
  }
  return createS3(remote.place, credentials, clock.sleep)
}

/** Brings the shelf to what the store holds of a backup. What cannot be asked is noted as the problem of the shelf, which stays as it was. */
export async function refreshShelf(
  folder: string,
  backup: string,
  ports: ShelfPorts,
  signal: AbortSignal,
): Promise<void> {
  const problemPath = join(folder, shelfProblemName)
  try {
    const store = await storeOf(folder, ports)
    const sets = setsIn(await store.list(`${backup}-`, signal), backup)
    const aside = new Set(
      (await store.list(`${prunedFolder}/${backup}-`, signal)).map(({ key }) => key.slice(prunedFolder.length + 1)),
    )
    for (const [id, objects] of sets) await shelve(folder, id, objects, aside.has(id), store, signal)
    for (const where of [folder, join(folder, prunedFolder)])
      for (const name of namesIn(where))
        if (parseSetId(name)?.backup === backup && !sets.has(name))
          rmSync(join(where, name), { recursive: true, force: true })
    rmSync(problemPath, { force: true })
  } catch (error) {
    if (!(error instanceof OperationalError)) throw error
    replace(problemPath, `${error.message}. ${error.hint}`)
  }
}

type Objects = ReadonlyMap<string, number>

/** Bytes by file, by the id of each set that has its manifest. */
function setsIn(objects: readonly S3Object[], backup: string): ReadonlyMap<string, Objects> {
  const all = new Map<string, Map<string, number>>()
  for (const { key, bytes } of objects) {
    const [id = '', ...rest] = key.split('/')
    if (parseSetId(id)?.backup !== backup) continue
    const files = all.get(id) ?? new Map<string, number>()
    all.set(id, files.set(rest.join('/'), bytes))
  }
  return new Map([...all].filter(([, files]) => files.has(manifestName)))
}

async function shelve(
  folder: string,
  id: string,
  objects: Objects,
  isAside: boolean,
  store: S3,
  signal: AbortSignal,
): Promise<void> {
  const [now, other] = [join(folder, prunedFolder, id), join(folder, id)]
  const [path, wrong] = isAside ? [now, other] : [other, now]
  if (existsSync(wrong) && !existsSync(path)) {
    mkdirSync(join(folder, prunedFolder), { recursive: true, mode: 0o700 })
    renameSync(wrong, path)
  }
  if (!existsSync(path)) {
    const text = await textOf(store, `${id}/${manifestName}`, signal)
    if (text === undefined) return
    putOnShelf(path, text, objects)
  }
  replace(join(path, objectsName), JSON.stringify(Object.fromEntries(objects)))
  const atMs = isAside ? Number(await textOf(store, `${prunedFolder}/${id}`, signal)) : Number.NaN
  if (Number.isFinite(atMs)) utimesSync(path, atMs / 1000, atMs / 1000)
}

function putOnShelf(path: string, manifest: string, objects: Objects): void {
  const part = `${path}.${randomUUID()}.part`
  mkdirSync(part, { recursive: true, mode: 0o700 })
  writeFileSync(join(part, manifestName), manifest, { mode: 0o600 })
  writeFileSync(join(part, objectsName), JSON.stringify(Object.fromEntries(objects)), { mode: 0o600 })
  // Two processes may look at once; what the other one put there is the same.
  if (existsSync(path)) rmSync(part, { recursive: true, force: true })
  else renameSync(part, path)
}

/** Puts a set that lies in a folder into the store, its manifest last, reads all of it back and compares. Throws BACKUP_DAMAGED. */
export async function uploadSet(
  from: string,
  manifest: Manifest,
  folder: string,
  ports: ShelfPorts,
  signal: AbortSignal,
): Promise<void> {
  const store = await storeOf(folder, ports)
  const { id, members } = manifest
  for (const { file, bytes, sha256 } of members) {
    await store.put(`${id}/${file}`, { path: join(from, file) }, { bytes, sha256 }, signal)
    await compare(store, `${id}/${file}`, sha256, signal)
  }
  const text = readFileSync(join(from, manifestName), 'utf8')
  const facts = { bytes: Buffer.byteLength(text), sha256: sha256Of(text) }
  await store.put(`${id}/${manifestName}`, { text }, facts, signal)
  await compare(store, `${id}/${manifestName}`, facts.sha256, signal)
  const objects = new Map([...members.map(({ file, bytes }) => [file, bytes] as const), [manifestName, facts.bytes]])
  putOnShelf(join(folder, id), text, objects)
}

async function compare(store: S3, key: string, sha256: string, signal: AbortSignal): Promise<void> {
  const stream = await store.get(key, signal)
  const hash = createHash('sha256')
  if (stream !== undefined)
    await pipeline(stream, async (chunks: AsyncIterable<unknown>) => {
      for await (const chunk of chunks) if (chunk instanceof Uint8Array) hash.update(chunk)
    })
  if (stream === undefined || hash.digest('hex') !== sha256)
    throw new OperationalError('BACKUP_DAMAGED', `${key} in the store is not what was put there`)
}

/** Fetches a set with all that lies beside it into a folder that is not there yet. What is missing there is missing here. */
export async function downloadSet(
  folder: string,
  id: string,
  into: string,
  ports: ShelfPorts,
  signal: AbortSignal,
): Promise<void> {
  const store = await storeOf(folder, ports)
  mkdirSync(into, { recursive: true, mode: 0o700 })
  for (const { key } of await store.list(`${id}/`, signal)) {
    const name = key.slice(id.length + 1)
    // What is put into the store by others must not leave the folder.
    if (!/^[^/\\]+$/.test(name) || name.startsWith('..')) continue
    const stream = await store.get(key, signal)
    if (stream !== undefined) await pipeline(stream, createWriteStream(join(into, name), { flags: 'wx', mode: 0o600 }))
  }
}

/** Marks a set in the store as put aside at that moment. */
export async function markAside(
  folder: string,
  id: string,
  nowMs: number,
  ports: ShelfPorts,
  signal: AbortSignal,
): Promise<void> {
  const text = String(nowMs)
  const facts = { bytes: Buffer.byteLength(text), sha256: sha256Of(text) }
  await (await storeOf(folder, ports)).put(`${prunedFolder}/${id}`, { text }, facts, signal)
}

/** Takes the mark back; false where the set is gone for good. */
export async function takeBackThere(
  folder: string,
  id: string,
  ports: ShelfPorts,
  signal: AbortSignal,
): Promise<boolean> {
  const store = await storeOf(folder, ports)
  if ((await textOf(store, `${id}/${manifestName}`, signal)) === undefined) return false
  await store.remove(`${prunedFolder}/${id}`, signal)
  return takeBack(folder, id)
}

/** Removes for good what was put aside before a moment, and what an upload that never ended left behind. */
export async function removeThere(
  folder: string,
  backup: string,
  beforeMs: number,
  ports: ShelfPorts,
  signal: AbortSignal,
): Promise<void> {
  const store = await storeOf(folder, ports)
  const objects = await store.list(`${backup}-`, signal)
  const whole = setsIn(objects, backup)
  const marks = await store.list(`${prunedFolder}/${backup}-`, signal)
  const going = new Set<string>()
  for (const { key } of marks) {
    const id = key.slice(prunedFolder.length + 1)
    if (parseSetId(id)?.backup === backup && Number(await textOf(store, key, signal)) < beforeMs) going.add(id)
  }
  for (const { key } of objects) {
    const [id = ''] = key.split('/')
    const parsed = parseSetId(id)
    if (parsed?.backup === backup && !whole.has(id) && parsed.createdAtMs < beforeMs) going.add(id)
  }
  for (const id of going) {
    // Without its manifest it is no set any more, however far this gets.
    await store.remove(`${id}/${manifestName}`, signal)
    for (const { key } of objects) if (key.startsWith(`${id}/`)) await store.remove(key, signal)
    await store.remove(`${prunedFolder}/${id}`, signal)
  }
}

async function textOf(store: S3, key: string, signal: AbortSignal): Promise<string | undefined> {
  const stream = await store.get(key, signal)
  if (stream === undefined) return undefined
  const parts: Uint8Array[] = []
  for await (const part of stream) if (part instanceof Uint8Array) parts.push(part)
  return Buffer.concat(parts).toString('utf8')
}

function replace(path: string, text: string): void {
  const part = `${path}.${randomUUID()}.part`
  writeFileSync(part, text, { mode: 0o600 })
  renameSync(part, path)
}

function namesIn(folder: string): readonly string[] {
  return existsSync(folder) ? readdirSync(folder) : []
}

function sha256Of(text: string): string {
  return createHash('sha256').update(text).digest('hex')
}
