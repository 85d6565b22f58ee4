/** Tells without reading anything whether all that an import's look depends on is as it was: source, table and declaration. */
import { realpathSync, statSync } from 'node:fs'
import { hashOf, type JsonValue } from '../../json.ts'
import { codeOf } from '../../targets/sqlite/database-error.ts'
import { signatureOf } from '../../targets/sqlite/file-signature.ts'
import type { ImportResource } from './spec.ts'
import { findFiles } from './workspace-files.ts'

/** A change within the time that file systems and clocks cannot tell apart may leave a signature as it is, in milliseconds. */
const unsureMs = 2000

/** Equal texts mean that nothing changed; null where something did a moment ago, or where it cannot be told. */
export interface WorldSignature {
  /** Of the source, the declaration and the lists of people. */
  readonly source: string | null
  /** Of the table as well: looks at equal ones are equal. */
  readonly all: string | null
}

/** @param lists what else decides over rows, as a text that changes with it */
export function worldSignature(spec: ImportResource, lists: string, nowMs: number): WorldSignature {
  try {
    const source = sourceFacts(spec, lists)
    const table = signatureOf(realpathSync(spec.into.path))
    const isSettled = ({ newestMs }: { readonly newestMs: number }) => newestMs <= nowMs - unsureMs
    if (!isSettled(source)) return unknown
    return {
      source: hashOf(source.facts),
      all: isSettled(table) ? hashOf([...source.facts, table.text]) : null,
    }
  } catch (error) {
    if (codeOf(error) === undefined) throw error
    // The look finds out what it is and says so.
    return unknown
  }
}

const unknown: WorldSignature = { source: null, all: null }

function sourceFacts(
  spec: ImportResource,
  lists: string,
): { readonly facts: readonly JsonValue[]; readonly newestMs: number } {
  const facts: JsonValue[] = [hashOf(spec), lists]
  if (spec.source.is === 'database') {
    const { text, newestMs } = signatureOf(realpathSync(spec.source.path))
    return { facts: [...facts, text], newestMs }
  }
  let newestMs = 0
  const { files, refused } = findFiles(spec.source)
  for (const { path, absolute } of files) {
    const { dev, ino, size, mtimeNs, ctimeNs, ctimeMs } = statSync(absolute, { bigint: true })
    facts.push([path, `${dev}:${ino}:${size}:${mtimeNs}:${ctimeNs}`])
    newestMs = Math.max(newestMs, Number(ctimeMs))
  }
  for (const { path, reason } of refused) facts.push([path, reason])
  return { facts, newestMs }
}
