/**
 * One run of one program, and how it is told from every other process. A pid alone is never trusted: boot, pid, start time
 * and the mark in the environment must agree before a process counts as this one, and again right before each signal.
 */
import { z } from 'zod'
import { environmentOf, executableOf, isLive, type ProcessFacts, readProcess } from './proc.ts'
import { markVariable } from './process-table.ts'

/** What names a process for good. */
export const processIdentitySchema = z.object({
  bootId: z.string(),
  pid: z.int(),
  /** Field 22 of /proc/PID/stat. */
  startTicks: z.number(),
  /** Path of the program; null where it could not be seen. */
  executable: z.string().nullable(),
})
export type ProcessIdentity = z.output<typeof processIdentitySchema>

/** An instance that was intended, and, once it was seen running, its main process. */
export const instanceSchema = z.object({
  /** Unique for ever. */
  uuid: z.string(),
  /** Value of the variable that all its processes carry: workspace, kind, name and uuid. */
  mark: z.string(),
  main: processIdentitySchema.nullable(),
})
export type Instance = z.output<typeof instanceSchema>

/** `a1b2….service.website-scraper.`: the beginning of the marks of all instances of one declared program. */
export function markPrefixOf(workspaceId: string, kind: 'service' | 'job', name: string): string {
  return `${workspaceId}.${kind}.${name}.`
}

/** The uuid at the end of a mark. */
export function uuidOfMark(mark: string): string {
  return mark.slice(mark.lastIndexOf('.') + 1)
}

/**
 * The process of an identity, if it is still the very one: same boot, pid and start time, alive, and of this instance by
 * its mark; where a program has overwritten its environment, by its executable. Anything else is a stranger.
 */
export function processOf(identity: ProcessIdentity, mark: string, bootNow: string): ProcessFacts | undefined {
  if (identity.bootId !== bootNow) return undefined
  const facts = readProcess(identity.pid)
  if (facts === undefined || facts.startTicks !== identity.startTicks || !isLive(facts)) return undefined
  const carried = environmentOf(identity.pid, markVariable)
  if (carried !== undefined) return carried === mark ? facts : undefined
  return identity.executable !== null && executableOf(identity.pid) === identity.executable ? facts : undefined
}

/** Names a process that was seen with the mark. */
export function identityOf(facts: ProcessFacts, bootNow: string): ProcessIdentity {
  return {
    bootId: bootNow,
    pid: facts.pid,
    startTicks: facts.startTicks,
    executable: executableOf(facts.pid) ?? null,
  }
}
