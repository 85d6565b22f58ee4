/**
 * The shortest history that still breaks the same invariant. Each try leaves out something of the best that is known: last acts,
 * the end of the world, all deeds of some names, pieces of what is left and single deeds, and again the end.
 */
import { type Episode, type EpisodeOptions, runEpisode } from './episode.ts'
import { fewest, minimize } from './minimize.ts'

export interface Shrunk {
  readonly episode: Episode
  /** The only turns in which something is done. */
  readonly keep: readonly number[]
  /** The only last acts, by their places. */
  readonly acts: readonly number[]
  /** After so many turns the world comes to rest. */
  readonly turns: number
  readonly runs: number
  readonly steps: number
  /** Whether nothing can be left out any more; otherwise it was given up. */
  readonly isWhole: boolean
}

type Found = Pick<Shrunk, 'episode' | 'keep' | 'acts' | 'turns'>

/** @param stepsMax how many steps of worlds may be played for it, about. */
export async function shrink(found: Episode, options: EpisodeOptions, stepsMax: number): Promise<Shrunk> {
  let best: Found = {
    episode: found,
    keep: found.history.map(({ turn }) => turn),
    acts: found.acts.map(({ place }) => place),
    turns: found.turns,
  }
  const effort = { runs: 0, steps: 0 }
  const stillBreaks = async (changed: Partial<Omit<Found, 'episode'>>): Promise<boolean | undefined> => {
    if (effort.steps >= stepsMax) return undefined
    const { keep, acts, turns } = { ...best, ...changed }
    const tried = { keep: new Set(keep), acts: new Set(acts), turns, endsBeforeRest: !best.episode.isAtRest }
    const episode = await runEpisode({ ...options, ...tried })
    effort.runs += 1
    effort.steps += episode.steps
    if (episode.violation?.invariant !== found.violation?.invariant) return false
    // Where it broke before its rest, nothing after that turn can matter.
    best = {
      episode,
      keep: keep.filter((turn) => turn <= episode.turns),
      acts: episode.acts.map(({ place }) => place),
      turns: episode.turns,
    }
    return true
  }

  const earlier = (turns: number) => stillBreaks({ turns, keep: best.keep.filter((turn) => turn <= turns) })
  if (found.isAtRest) {
    // First what makes all later tries cheaper: a rest is as long as a world of middle length.
    await minimize(best.acts, (acts) => stillBreaks({ acts }))
    await fewest(best.turns, best.turns / 16, earlier)
  }
  const nameOf = new Map(best.episode.history.map(({ turn, name }) => [turn, name]))
  const names = [...new Set(nameOf.values())]
  await minimize(names, (some) =>
    stillBreaks({ keep: best.keep.filter((turn) => some.includes(nameOf.get(turn) ?? '')) }),
  )
  await minimize(best.keep, (keep) => stillBreaks({ keep }))
  if (best.episode.isAtRest) await fewest(best.turns, 1, earlier)
  return { ...best, ...effort, isWhole: effort.steps < stepsMax }
}
