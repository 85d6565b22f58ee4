/** Loads what the desired state declares as plug-ins, ahead of everything that needs to know of it. */
import { readFileSync } from 'node:fs'
import type { Clock } from '../clock.ts'
import type { PluginChannels } from '../desired/load.ts'
import type { JournalStore } from '../journal/store.ts'
import { entryUrl } from '../targets/process/entry-url.ts'
import type { BeforeRuns } from '../targets/process/offload.ts'
import { builtInRules } from '../values/rules/index.ts'
import { lastAcceptedText } from './generations.ts'
import { declaredPlugins, loadPlugins, type Plugged, type PluginEntry, pluginsHash } from './plugins.ts'

export interface PluggedIn extends Plugged {
  /** What the check of a desired state needs of them. */
  readonly pluginChannels: PluginChannels
  /** Of what was loaded: see pluginsHash. */
  readonly hash: string
  /** What each thread has to load too; undefined where no plug-in has rules. */
  readonly before: BeforeRuns | undefined
}

interface PlugInOptions {
  readonly stateFile: string
  readonly directory: string
  /** Where the file is no YAML, the generation that stays in force says which plug-ins there are; undefined: nothing does. */
  readonly journal?: JournalStore
  readonly clock: Clock
  readonly kinds: ReadonlySet<string>
}

/** Throws PLUGIN_UNUSABLE. */
export async function plugIn({ stateFile, directory, journal, clock, kinds }: PlugInOptions): Promise<PluggedIn> {
  const entries = entriesIn(textOf(stateFile), journal, directory)
  const plugged = await loadPlugins({ entries, workspace: directory, clock, taken: { kinds, rules: builtInRules } })
  const before: BeforeRuns = {
    entry: entryUrl('./plugin-rules-entry', import.meta.url),
    input: { workspace: directory, entries, kinds: [...kinds] },
  }
  const pluginChannels = {
    names: [...plugged.channels.keys()],
    modules: new Map(entries.map(({ name, module }) => [name, module])),
  }
  return {
    ...plugged,
    pluginChannels,
    hash: pluginsHash(entries),
    before: plugged.rules.length === 0 ? undefined : before,
  }
}

function entriesIn(
  text: string | undefined,
  journal: JournalStore | undefined,
  directory: string,
): readonly PluginEntry[] {
  const accepted = () => (journal === undefined ? undefined : lastAcceptedText(journal))
  // Every command comes by here, and to read a text as YAML is a good part of its start.
  if (!mayDeclare(text) && !mayDeclare(accepted())) return []
  const declared = text === undefined ? undefined : declaredPlugins(text, directory)
  if (declared !== undefined) return declared
  const before = accepted()
  return before === undefined ? [] : (declaredPlugins(before, directory) ?? [])
}

/** Whether a text may declare plug-ins: it has the word, or an escape that may stand for one of its letters. */
function mayDeclare(text: string | undefined): boolean {
  return text !== undefined && /plugins|\\/.test(text)
}

/** Undefined where it cannot be read; whoever reads it to check it says so. */
function textOf(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8')
  } catch (error) {
    if (error instanceof Error && 'syscall' in error) return undefined
    throw error
  }
}
