/** Tells without reading anything whether all that an import's look depends on is as it was: source, table and declaration. */
import { realpathSync, statSync } from 'node:fs'
import { hashOf, type JsonValue } from '../../json.ts'
import { codeOf } from '../../targets/sqlite/database-error.ts'
import { signatureOf } from '../../targets/sqlite/file-signature.ts'
import type { ImportResource } from './spec.ts'
import { findFiles } from './workspace-files.ts'

/** A change within the time that file systems and clocks cannot tell apart may leave a signature as it is, in milliseconds. */
const unsureMs = 2000

/** Equal signatures mean equal looks; null where something changed a moment ago, or cannot be told. */
export function worldSignature(spec: ImportResource, nowMs: number): string | null {
  try {
    const facts: JsonValue[] = [hashOf(spec)]
    const target = signatureOf(realpathSync(spec.into.path))
    facts.push(target.text)
    let { newestMs } = target
    if (spec.source.is === 'database') {
      const source = signatureOf(realpathSync(spec.source.path))
      facts.push(source.text)
      newestMs = Math.max(newestMs, source.newestMs)
    } else {
      const { files, refused } = findFiles(spec.source)
      for (const { path, absolute } of files) {
        const { dev, ino, size, mtimeNs, ctimeNs, ctimeMs } = statSync(absolute, { bigint: true })
        facts.push([path, `${dev}:${ino}:${size}:${mtimeNs}:${ctimeNs}`])
        newestMs = Math.max(newestMs, Number(ctimeMs))
      }
      for (const { path, reason } of refused) facts.push([path, reason])
    }
    return newestMs > nowMs - unsureMs ? null : hashOf(facts)
  } catch (error) {
    if (codeOf(error) === undefined) throw error
    // The look finds out what it is and says so.
    return null
  }
}
