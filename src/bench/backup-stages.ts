/**
 * What the whole of a set is made of, one stage after the other and by the functions that make sets, in a process of its own.
 * Prints what each took as one line of JSON.
 *
 *     node dist/bench/backup-stages.js FILE FOLDER
 */
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { z } from 'zod'
import { copyDatabase } from '../targets/backup/copy-database.ts'
import { gunzipFile, gzipFile } from '../targets/backup/gzip.ts'
import { withInspector } from '../targets/backup/inspector.ts'
import { runNode } from './processes.ts'

const tookSchema = z.strictObject({ wallMs: z.number(), cpuMs: z.number() })
const stagesSchema = z.strictObject({
  copied: tookSchema,
  /** Packed, and hashed by its bytes. */
  packed: tookSchema,
  /** Unpacked into a scratch file, and hashed by its bytes. */
  restored: tookSchema,
  /** SQLite's own check, and at the same time every row counted and hashed. */
  inspected: tookSchema,
})
export type Stages = z.output<typeof stagesSchema>

/** @param folder where the files are put; whoever asks removes it. */
export async function runStages(file: string, folder: string): Promise<Stages> {
  const { stdout } = await runNode([fileURLToPath(import.meta.url), file, folder], { folder: process.cwd() })
  return stagesSchema.parse(JSON.parse(stdout))
}

/** CPU time is that of all threads. */
async function took(work: () => Promise<unknown>): Promise<z.output<typeof tookSchema>> {
  const startMs = performance.now()
  const before = process.cpuUsage()
  await work()
  const { user, system } = process.cpuUsage(before)
  return { wallMs: performance.now() - startMs, cpuMs: (user + system) / 1000 }
}

async function stages(file: string, folder: string): Promise<Stages> {
  const [plain, zipped, restored] = [join(folder, 'plain'), join(folder, 'zipped'), join(folder, 'restored')]
  return {
    copied: await took(() => copyDatabase({ path: file, emptied: [] }, plain)),
    packed: await took(() => gzipFile(plain, zipped)),
    restored: await took(() => gunzipFile(zipped, restored, { isDurable: false })),
    inspected: await took(() => withInspector(({ inspect }) => inspect(restored, 'bench', null))),
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const [file = '', folder = ''] = process.argv.slice(2)
  process.stdout.write(JSON.stringify(await stages(file, folder)))
}
