/** Wakes a service whenever something about it changes: it ended, it takes too much, its probe says another thing. */
import { statSync } from 'node:fs'
import { resolve } from 'node:path'
import type { Declared } from '../../engine/resource.ts'
import { probe } from '../../targets/process/probes/probe.ts'
import type { Finding } from '../../targets/process/supervision/ports.ts'
import type { ServicePorts } from './ports.ts'
import { recordOf } from './record.ts'
import type { ServiceDeclaration } from './spec.ts'

export interface ServiceWatch {
  watch(resource: Declared<ServiceDeclaration>, notify: () => void): { close(): void }
}

/** One listener on ends for all services, and a prober for each. */
export function createServiceWatch(ports: ServicePorts): ServiceWatch {
  const watched = new Map<string, { readonly spec: ServiceDeclaration; readonly notify: () => void; seen: string }>()
  let exits: { close(): void } | undefined

  const look = () => {
    for (const one of watched.values()) {
      const now = glance(one.spec, ports)
      if (now === one.seen) continue
      one.seen = now
      one.notify()
    }
  }
  /** Those that wait for a service hear of it. */
  const notifyDependents = (name: string) => {
    for (const { spec, notify } of watched.values()) if (spec.name === name || spec.services.includes(name)) notify()
  }

  return {
    watch({ spec }, notify) {
      const one = { spec, notify, seen: '' }
      watched.set(spec.name, one)
      one.seen = glance(spec, ports)
      if (ports.host.unsupported === undefined) exits ??= ports.host.onExit(look)
      const probing = startProbing(spec, ports, () => notifyDependents(spec.name))
      return {
        close() {
          probing?.close()
          if (watched.get(spec.name) === one) watched.delete(spec.name)
          if (watched.size > 0) return
          exits?.close()
          exits = undefined
        },
      }
    },
  }
}

/** Changes whenever a service should be looked at. */
function glance(spec: ServiceDeclaration, { host, store, workspace }: ServicePorts): string {
  if (spec.driver.is !== 'command' || host.unsupported !== undefined) return ''
  const record = recordOf(store, spec.name)
  if (record === undefined) return 'none'
  const found = host.glance(record.instance)
  return `${record.instance.uuid} ${found.is} ${detailOf(spec, found)}${secretFilesOf(spec, workspace)}`
}

/** Changes when a file that a secret is read from is written or replaced. */
function secretFilesOf({ driver }: ServiceDeclaration, workspace: string): string {
  if (driver.is !== 'command') return ''
  return Object.values(driver.launch.environment)
    .map((value) => {
      if (typeof value === 'string' || !('file' in value)) return ''
      return ` ${fileMarkOf(resolve(workspace, value.file))}`
    })
    .join('')
}

function fileMarkOf(path: string): string {
  try {
    const found = statSync(path, { throwIfNoEntry: false })
    return found === undefined ? 'none' : `${found.ino} ${found.mtimeMs} ${found.size}`
  } catch {
    // It may not be seen: the look tells why when it reads the secret.
    return 'unseen'
  }
}

function detailOf({ limits }: ServiceDeclaration, found: Finding): string {
  switch (found.is) {
    case 'ended':
      return String(found.leftovers.length > 0)
    case 'running': {
      const { memoryBytes, processes } = found.usage
      const isOver =
        (limits.memoryBytes !== null && memoryBytes > limits.memoryBytes) ||
        (limits.processes !== null && processes > limits.processes)
      return String(isOver)
    }
    default:
      return ''
  }
}

function startProbing(
  spec: ServiceDeclaration,
  ports: ServicePorts,
  changed: () => void,
): { close(): void } | undefined {
  const declared = spec.probe
  if (declared === null) return undefined
  const { prober, clock, environment, host, store } = ports
  return prober.start({
    name: spec.name,
    everyMs: declared.everyMs,
    rules: declared,
    changed,
    running() {
      // What others run is not told apart by instances here: the probe alone says whether it lives.
      if (spec.driver.is !== 'command') return { uuid: spec.name, startedAtMs: 0 }
      const record = recordOf(store, spec.name)
      const found = record === undefined ? undefined : host.glance(record.instance)
      return found?.is === 'running' ? { uuid: found.instance.uuid, startedAtMs: found.startedAtMs } : undefined
    },
    run: (signal) => probe(declared.order, { clock, signal, environment }),
  })
}
