/** What the desired state says about one service, resolved so far that nothing else is needed to keep it running. */
import { join, resolve } from 'node:path'
import type { DesiredState } from '../../desired/schema.ts'
import type { Declared, ResourceKey } from '../../engine/resource.ts'
import { hashOf, type JsonObject } from '../../json.ts'
import type { ProbeOrder } from '../../targets/process/probes/probe.ts'
import type { Launch } from '../../targets/process/supervision/launch-declaration.ts'

export type Driver =
  | { readonly is: 'command'; readonly launch: Launch; readonly launchHash: string }
  | { readonly is: 'systemd'; readonly unit: string }
  | { readonly is: 'pid-file'; readonly path: string }
  | { readonly is: 'pattern'; readonly text: string }

/** Durations in milliseconds, sizes in bytes. */
export interface ServiceDeclaration extends JsonObject {
  readonly name: string
  readonly driver: Driver & JsonObject
  readonly restart: 'always' | 'on-failure' | 'never'
  readonly onChange: 'approve' | 'restart'
  readonly graceMs: number
  readonly backoff: { readonly fromMs: number; readonly toMs: number; readonly resetMs: number }
  readonly log: { readonly path: string; readonly bytesMax: number; readonly filesMax: number }
  readonly limits: { readonly memoryBytes: number | null; readonly processes: number | null }
  readonly probe:
    | ({
        readonly order: ProbeOrder & JsonObject
        readonly everyMs: number
        readonly failuresMax: number
        readonly startupMs: number
      } & JsonObject)
    | null
  /** Services that must be ready before it starts. */
  readonly services: readonly string[]
}

export const serviceKindName = 'service'

export interface Folders {
  /** Folder of the desired state, absolute. */
  readonly workspace: string
  /** `.trueup`, absolute. */
  readonly ownFolder: string
}

type Declaration = DesiredState['services'][string]

/** The services that the desired state declares. */
export function listServices(desired: DesiredState, folders: Folders): readonly Declared<ServiceDeclaration>[] {
  return Object.entries(desired.services).map(([name, service]) => ({
    key: { kind: serviceKindName, name },
    spec: {
      name,
      driver: driverOf(service, folders),
      restart: service.restart,
      onChange: service.onChange,
      graceMs: service.grace,
      backoff: { fromMs: service.backoff.from, toMs: service.backoff.to, resetMs: service.backoff.reset },
      log: {
        path: join(folders.ownFolder, 'logs', `${name}.log`),
        bytesMax: service.log.size,
        filesMax: service.log.files,
      },
      limits: { memoryBytes: service.limits?.memory ?? null, processes: service.limits?.processes ?? null },
      probe: probeOf(service, folders),
      services: service.dependsOn.filter((one) => !one.includes('/')),
    },
    dependsOn: service.dependsOn.map(dependencyOf),
    observeOnly: service.manage === 'observe',
  }))
}

function dependencyOf(text: string): ResourceKey {
  const [kind, name] = text.split('/')
  return kind !== undefined && name !== undefined ? { kind, name } : { kind: serviceKindName, name: text }
}

function driverOf(service: Declaration, { workspace }: Folders): ServiceDeclaration['driver'] {
  if (service.systemd !== undefined) return { is: 'systemd', unit: service.systemd }
  if (service.pidFile !== undefined) return { is: 'pid-file', path: resolve(workspace, service.pidFile) }
  if (service.pattern !== undefined) return { is: 'pattern', text: service.pattern }
  const launch: Launch = {
    command: service.command ?? [],
    directory: resolve(workspace, service.directory ?? '.'),
    environment: service.environment,
    descriptors: service.limits?.descriptors ?? null,
  }
  return { is: 'command', launch, launchHash: hashOf(launch) }
}

function probeOf({ probe }: Declaration, { workspace }: Folders): ServiceDeclaration['probe'] {
  if (probe === undefined) return null
  const rest = { everyMs: probe.every, failuresMax: probe.failures, startupMs: probe.startup }
  const timeoutMs = probe.timeout
  if (probe.http !== undefined) return { ...rest, order: { way: 'http', url: probe.http, timeoutMs } }
  if (probe.exec !== undefined)
    return { ...rest, order: { way: 'exec', command: probe.exec, directory: workspace, timeoutMs } }
  if (probe.tcp !== undefined) {
    const at = probe.tcp.lastIndexOf(':')
    const host = probe.tcp.slice(0, at).replace(/^\[|\]$/g, '')
    return { ...rest, order: { way: 'tcp', host, port: Number(probe.tcp.slice(at + 1)), timeoutMs } }
  }
  const maxAgeMs = probe.maxAge ?? 0
  return probe.heartbeat === undefined
    ? { ...rest, order: { way: 'log', path: resolve(workspace, probe.log ?? '.'), maxAgeMs, timeoutMs } }
    : { ...rest, order: { way: 'heartbeat', path: resolve(workspace, probe.heartbeat), maxAgeMs, timeoutMs } }
}
