/** Two texts of the desired state as one, with what went and what came. */
import { useEffect, useRef, useState } from 'preact/hooks'
import { messageOf } from '../api/client.ts'
import { Problem } from '../ui/parts.tsx'

export function Difference({ label, before, after }: { label: string; before: string; after: string }) {
  const place = useRef<HTMLDivElement>(null)
  const [problem, setProblem] = useState<string | undefined>(undefined)
  const isSame = before === after
  useEffect(() => {
    if (isSame) return undefined
    let close: (() => void) | undefined
    let isGone = false
    import('../editor/editor.ts').then(
      ({ showDifference }) => {
        if (!isGone && place.current !== null) close = showDifference(place.current, label, before, after)
      },
      (error: unknown) => setProblem(messageOf(error)),
    )
    return () => {
      isGone = true
      close?.()
    }
  }, [label, before, after, isSame])
  if (isSame) return <p class="quiet">They are the same to the byte.</p>
  return (
    <>
      {problem !== undefined && <Problem text={problem} />}
      <div class="difference" ref={place} />
    </>
  )
}
