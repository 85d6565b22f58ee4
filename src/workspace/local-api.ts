/**
 * The API of a workspace within this process, for the command line where no controller runs: what is asked and answered is
 * the same as over HTTP, so that a command is written once.
 */
import { resolve } from 'node:path'
import { type ExecutionResult, graphql } from 'graphql'
import { createAuth } from '../api/auth/auth.ts'
import { localViewer } from '../api/auth/permissions.ts'
import { openTokens } from '../api/auth/tokens.ts'
import { buildApiSchema, type SchemaPorts } from '../api/schema/schema.ts'
import type { Clock } from '../clock.ts'
import { createLoop } from '../engine/loop.ts'
import type { JsonObject } from '../json.ts'
import type { Random } from '../random.ts'
import { standingAlertPort } from './alert-port.ts'
import { createBackupPort } from './backup-port.ts'
import { createEnginePort } from './engine-port.ts'
import { leadsOf } from './lead-access.ts'
import { type Leads, repositoryMap } from './leads.ts'
import { createMetricPort } from './metric-port.ts'
import { createProgramPort } from './program-port.ts'
import { createQualityPort } from './quality-port.ts'
import { createReportPort } from './report-port.ts'
import { createSyncPort } from './sync-port.ts'
import { createWorkPort } from './work-port.ts'
import type { Workspace } from './workspace.ts'

export interface LocalApi {
  /** Carries out an operation as the person `subject`, who may do everything. */
  request(query: string, variables: JsonObject): Promise<ExecutionResult>
  close(): Promise<void>
}

interface LocalPorts {
  readonly clock: Clock
  readonly random: Random
}

export function openLocalApi(workspace: Workspace, ports: LocalPorts & { readonly subject: string }): LocalApi {
  const leads = leadsOf(workspace, ports)
  const schema = buildApiSchema(repositoryMap(leads), standingPorts(workspace, leads, ports))
  const contextValue = { viewer: localViewer(ports.subject) }
  return {
    request: (source, variableValues) => graphql({ schema, source, variableValues, contextValue }),
    close: () => leads.close(),
  }
}

/** The ports of a schema over a workspace in which no loop runs: what is asked for is done by whoever asks. */
export function standingPorts(workspace: Workspace, leads: Leads, { clock, random }: LocalPorts): SchemaPorts {
  const { engine, kinds, generations } = workspace
  const { log } = engine.ports()
  const { access } = generations.inForce().state
  const loop = createLoop({
    engine,
    kinds,
    clock,
    random,
    log,
    onInvariantViolation: (error) => log.error({ err: error.message }, 'invariant'),
  })
  const enginePort = createEnginePort({
    workspace,
    loop,
    clock,
    random,
    version: '',
    startedAtMs: 0,
    signal: new AbortController().signal,
  })
  const metrics = createMetricPort({ workspace, loop, clock, startedAtMs: clock.nowMs(), history: undefined })
  const alerts = standingAlertPort(workspace, { clock, random, environment: process.env, dashboard: () => undefined })
  return {
    engine: enginePort,
    sync: createSyncPort({ workspace, clock, wake: () => undefined, leads: () => leads }),
    quality: createQualityPort(workspace, { clock, random }),
    programs: createProgramPort({ workspace, wake: () => undefined }),
    backups: createBackupPort({ workspace, signal: new AbortController().signal, wake: () => undefined }),
    metrics,
    alerts,
    reports: createReportPort({ workspace, engine: enginePort, metrics, alerts, clock }),
    work: createWorkPort(engine, clock),
    auth: createAuth(openTokens(resolve(workspace.directory, access.tokens.file), clock), access, clock),
    clock,
  }
}
