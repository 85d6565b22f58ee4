/** The shortest history that still breaks the same invariant: deeds are left out by halves, then one by one. */
import { type Episode, type EpisodeOptions, runEpisode } from './episode.ts'

export interface Shrunk {
  readonly episode: Episode
  readonly skip: readonly number[]
  readonly runs: number
}

/** @param runsMax how many episodes may be played for it. */
export async function shrink(found: Episode, options: EpisodeOptions, runsMax: number): Promise<Shrunk> {
  const invariant = found.violation?.invariant
  let best = found
  let skip = new Set<number>(options.skip ?? [])
  let runs = 0
  const without = async (turns: readonly number[]): Promise<boolean> => {
    const wanted = new Set([...skip, ...turns])
    runs += 1
    const episode = await runEpisode({ ...options, skip: wanted })
    if (episode.violation?.invariant !== invariant) return false
    best = episode
    skip = wanted
    return true
  }
  for (
    let size = Math.ceil(best.history.length / 2);
    size >= 1 && runs < runsMax;
    size = size === 1 ? 0 : Math.ceil(size / 2)
  ) {
    for (let at = 0; at < best.history.length && runs < runsMax; ) {
      const turns = best.history.slice(at, at + size).map(({ turn }) => turn)
      // What is left out makes room for those after it.
      if (!(await without(turns))) at += size
    }
  }
  return { episode: best, skip: [...skip].sort((one, other) => one - other), runs }
}
