/**
 * The shortest history that still breaks the same invariant: first the world is cut off earlier, then all deeds of one name are
 * left out, then pieces of what is left and single deeds.
 */
import { type Episode, type EpisodeOptions, runEpisode } from './episode.ts'
import { minimize } from './minimize.ts'

export interface Shrunk {
  readonly episode: Episode
  /** The only turns in which something is done. */
  readonly keep: readonly number[]
  /** After so many turns the world comes to rest. */
  readonly turns: number
  readonly runs: number
  readonly steps: number
}

/** Shares of the turns after which a world that broke at its rest is cut off. */
const cuts = [1 / 16, 1 / 8, 1 / 4, 1 / 2, 3 / 4]

/** @param stepsMax how many steps of worlds may be played for it, about. */
export async function shrink(found: Episode, options: EpisodeOptions, stepsMax: number): Promise<Shrunk> {
  const turnsOf = ({ history }: Episode) => history.map(({ turn }) => turn)
  // Where it broke before its rest, nothing after that turn can matter.
  const best: { episode: Episode; keep: readonly number[]; turns: number } = {
    episode: found,
    keep: turnsOf(found),
    turns: found.turns,
  }
  let runs = 0
  let steps = 0
  const stillBreaks = async (keep: readonly number[], turns: number): Promise<boolean | undefined> => {
    if (steps >= stepsMax) return undefined
    const episode = await runEpisode({ ...options, keep: new Set(keep), turns })
    runs += 1
    steps += episode.steps
    if (episode.violation?.invariant !== found.violation?.invariant) return false
    Object.assign(best, { episode, keep, turns })
    return true
  }
  const cutOff = async (ends: readonly number[]): Promise<void> => {
    for (const end of ends) {
      const kept = best.keep.filter((turn) => turn <= end)
      if (end < best.turns && (await stillBreaks(kept, end)) === true) return
    }
  }

  if (found.isAtRest) await cutOff(cuts.map((share) => Math.ceil(found.turns * share)))
  const names = new Map<string, number[]>()
  for (const { name, turn } of best.episode.history) names.set(name, [...(names.get(name) ?? []), turn])
  for (const turns of [...names.values()].sort((one, other) => other.length - one.length)) {
    const without = best.keep.filter((turn) => !turns.includes(turn))
    if (without.length < best.keep.length) await stillBreaks(without, best.turns)
  }
  await minimize(turnsOf(best.episode), (keep) => stillBreaks(keep, best.turns))
  if (best.episode.isAtRest) await cutOff([Math.max(0, ...best.keep)])
  return { ...best, runs, steps }
}
