/**
 * A plug-in that adds the kind `file-mode`: files and folders of the workspace have the permission bits that are declared.
 *
 *   plugins:
 *     file-mode: { module: plugins/file-mode.mjs, settings: { exports: "0700", data/seed.csv: "0600" } }
 *
 * It is small, and has every part that a kind needs: what is declared, what is there, what differs, what mends it, and how
 * that is taken back.
 */
import { chmod, stat } from 'node:fs/promises'
import { resolve } from 'node:path'
import { defineKind, definePlugin, OperationalError } from 'trueup'

const kindName = 'file-mode'
const bits = (mode) => `0${(mode & 0o777).toString(8)}`

export default definePlugin(({ workspace, settingsIn }) => {
  const pathOf = (file) => resolve(workspace, file)

  /** The permission bits as they are; undefined where nothing is. Throws what the file system says otherwise. */
  async function modeOf(file) {
    try {
      return bits((await stat(pathOf(file))).mode)
    } catch (error) {
      if (error.code === 'ENOENT') return undefined
      throw new OperationalError('DATABASE_PERMISSION', `${file} cannot be looked at: ${error.message}`, {
        hint: 'Give the user that runs Trueup the right to look into its folder.',
      })
    }
  }

  const kind = defineKind({
    name: kindName,
    category: 'data',

    // One resource for each entry of the settings; `spec` holds all that its behaviour depends on.
    list: (desired) =>
      Object.entries(settingsIn(desired) ?? {}).map(([file, mode]) => ({
        key: { kind: kindName, name: file },
        spec: { file, mode: String(mode) },
        dependsOn: [],
        observeOnly: false,
      })),

    // Changes nothing; what cannot be read is unreadable, never absent.
    async observe({ spec }) {
      try {
        const mode = await modeOf(spec.file)
        return mode === undefined ? { is: 'absent' } : { is: 'present', state: { mode }, fingerprint: mode }
      } catch (error) {
        return { is: 'unreadable', error }
      }
    },

    diff({ spec }, observation) {
      const affected = { count: 1, sample: [spec.file] }
      const common = { path: 'mode', category: 'data', affected, desired: spec.mode }
      if (observation.is === 'absent') {
        const message = `There is no ${spec.file}.`
        return [{ ...common, severity: 'low', observed: null, message, byHand: 'Make it, or take the entry out.' }]
      }
      if (observation.is !== 'present' || observation.state.mode === spec.mode) return []
      const message = `${spec.file} has mode ${observation.state.mode}, not ${spec.mode}.`
      return [{ ...common, severity: 'medium', observed: observation.state.mode, message }]
    },

    // Everything that carrying it out needs is in `input`; `precondition` is what it rests on.
    plan({ spec }, observation, drift) {
      if (observation.is !== 'present' || drift.length === 0) return []
      return [draft(spec.file, observation.state.mode, spec.mode, 'low')]
    },

    // The inverse is in the input: nothing has to be kept. The evidence is what is found now.
    checkpoint: async ({ input }) => ({ evidence: (await modeOf(input.file)) ?? 'absent', images: 0 }),

    // May be called again after a crash: setting it twice is setting it once.
    async apply({ input }) {
      await chmod(pathOf(input.file), Number.parseInt(input.to, 8))
      return { changed: 1, skipped: [], skippedCount: 0, failed: [] }
    },

    probe: async ({ input }) => ((await modeOf(input.file)) === input.to ? 'applied' : 'not-applied'),

    async planUndo({ input }) {
      const now = await modeOf(input.file)
      if (now === undefined) return { is: 'not-undoable', reason: `there is no ${input.file} any more` }
      const conflicts = now === input.to ? [] : [input.file]
      return { is: 'undo', draft: draft(input.file, now, conflicts.length > 0 ? now : input.from, 'low'), conflicts }
    },

    lookAgainAfterMs: () => 60_000,
    health: (_resource, observation, drift) => [
      {
        name: 'mode',
        status: observation.is === 'unreadable' ? 'unknown' : drift.length > 0 ? 'warning' : 'ok',
        message: kind.describe(observation),
      },
    ],
    describe: (observation) => (observation.is === 'present' ? `mode ${observation.state.mode}` : observation.is),
  })
  return { kinds: [kind] }
})

function draft(file, from, to, risk) {
  return {
    verb: 'set-mode',
    input: { file, from, to },
    summary: `Set the mode of ${file} from ${from} to ${to}.`,
    risk,
    findings: [],
    precondition: from,
    affected: { count: 1, sample: [file] },
    population: 0,
    preview: [],
    reversible: 'exact',
    recovery: 'keyed',
    cost: { bucket: 'files', tokens: 1 },
    resolves: ['mode'],
    order: 0,
  }
}
