/**
 * Loads the declared plug-ins. `import 'trueup'` in them means this very program, wherever it is installed, so that errors
 * are of the same classes.
 */
import { existsSync } from 'node:fs'
import { register } from 'node:module'
import { resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import type { Clock } from '../clock.ts'
import type { DesiredState } from '../desired/schema.ts'
import type { Kind } from '../engine/kind.ts'
import type { PluginContext, PluginModule } from '../engine/plugin.ts'
import { messageOf, OperationalError } from '../errors.ts'
import { hashOf } from '../json.ts'

export interface PluginsOptions {
  readonly state: DesiredState
  /** Absolute. */
  readonly workspace: string
  readonly clock: Clock
  /** Names of kinds that are there. */
  readonly taken: ReadonlySet<string>
}

/** What of a desired state the loaded plug-ins depend on: another one is taken up by the next start. */
export function pluginsHash({ plugins }: DesiredState): string {
  return hashOf(Object.fromEntries(Object.entries(plugins).map(([name, { module }]) => [name, module])))
}

/** The kinds that the plug-ins add. Throws PLUGIN_UNUSABLE naming the plug-in. */
export async function loadPlugins({ state, workspace, clock, taken }: PluginsOptions): Promise<readonly Kind[]> {
  const entries = Object.entries(state.plugins)
  if (entries.length === 0) return []
  nameOurselves()
  const kinds: Kind[] = []
  const names = new Set(taken)
  for (const [name, { module }] of entries) {
    const context: PluginContext = {
      name,
      workspace,
      clock,
      settingsIn: (desired) => desired.plugins[name]?.settings,
    }
    for (const kind of await kindsOf(name, resolve(workspace, module), context)) {
      if (names.has(kind.name)) throw unusable(name, `its kind ${kind.name} has a name that is taken`)
      names.add(kind.name)
      kinds.push(kind)
    }
  }
  return kinds
}

async function kindsOf(name: string, file: string, context: PluginContext): Promise<readonly Kind[]> {
  if (!existsSync(file)) throw unusable(name, `there is no ${file}`)
  let made: unknown
  try {
    const { default: module }: { default?: unknown } = await import(pathToFileURL(file).href)
    if (!isPluginModule(module)) throw unusable(name, 'its module has no function as its default export')
    made = await module(context)
  } catch (error) {
    if (error instanceof OperationalError) throw error
    throw unusable(name, messageOf(error), error)
  }
  const kinds = typeof made === 'object' && made !== null && 'kinds' in made ? made.kinds : undefined
  if (!Array.isArray(kinds)) throw unusable(name, 'it gives no kinds')
  return kinds.map((kind: unknown) => {
    const missing = missingIn(kind)
    if (missing !== undefined) throw unusable(name, `one of its kinds lacks ${missing}`)
    if (!isKind(kind)) throw unusable(name, 'one of its kinds is none')
    return kind
  })
}

const functions = [
  'list',
  'observe',
  'diff',
  'plan',
  'checkpoint',
  'apply',
  'probe',
  'planUndo',
  'health',
  'describe',
] as const

/** The first part of the interface that something lacks. */
function missingIn(kind: unknown): string | undefined {
  if (typeof kind !== 'object' || kind === null) return 'everything'
  if (!('name' in kind && typeof kind.name === 'string' && /^[a-z][a-z-]*$/.test(kind.name)))
    return 'a name of lower-case letters and hyphens'
  if (!('category' in kind && typeof kind.category === 'string')) return 'category'
  return functions.find((name) => typeof Reflect.get(kind, name) !== 'function')
}

function isKind(kind: unknown): kind is Kind {
  return missingIn(kind) === undefined
}

function isPluginModule(module: unknown): module is PluginModule {
  return typeof module === 'function'
}

function unusable(name: string, why: string, cause?: unknown): OperationalError {
  return new OperationalError('PLUGIN_UNUSABLE', `the plug-in ${name} cannot be used: ${why}`, { cause })
}

let isNamed = false

/** Has `trueup` resolved to this program in everything that is loaded from here on. */
function nameOurselves(): void {
  if (isNamed) return
  isNamed = true
  const own = new URL('../engine/plugin.js', import.meta.url).href
  const hook = `export const resolve = (name, context, next) =>
    name === 'trueup' ? { url: ${JSON.stringify(own)}, shortCircuit: true } : next(name, context)`
  register(`data:text/javascript,${encodeURIComponent(hook)}`)
}
