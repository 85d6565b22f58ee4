/**
 * What probes in a row say of a program. Pure. Until one has succeeded, or the startup time is over, failures do not count;
 * a probe that cannot be carried out counts neither way and shows.
 */
import type { ProbeResult } from './probe.ts'

export interface ProbeState {
  /** `startup`: not ready yet. `failing`: was ready, fails, not often enough to count as dead. `dead`: to be restarted. */
  readonly phase: 'startup' | 'ready' | 'failing' | 'dead' | 'unknown'
  /** Failures in a row that count. */
  readonly failures: number
  readonly wasReady: boolean
  readonly last: (ProbeResult & { readonly atMs: number }) | undefined
}

export const notProbed: ProbeState = { phase: 'startup', failures: 0, wasReady: false, last: undefined }

export interface ProbeRules {
  /** Failures in a row that make it dead. */
  readonly failuresMax: number
  readonly startupMs: number
}

/** The state after one more probe, of a program that has run for `ranMs`. */
export function stepProbe(
  state: ProbeState,
  result: ProbeResult,
  rules: ProbeRules,
  moment: { readonly atMs: number; readonly ranMs: number },
): ProbeState {
  const last = { ...result, atMs: moment.atMs }
  switch (result.is) {
    case 'ok':
      return { phase: 'ready', failures: 0, wasReady: true, last }
    case 'unknown':
      return { ...state, phase: 'unknown', last }
    case 'failed': {
      const counts = state.wasReady || moment.ranMs >= rules.startupMs
      const failures = counts ? state.failures + 1 : 0
      const phase = failures >= rules.failuresMax ? 'dead' : state.wasReady || counts ? 'failing' : 'startup'
      return { phase, failures, wasReady: state.wasReady, last }
    }
  }
}
