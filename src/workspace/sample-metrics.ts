/** Notes the figures of every quarter of a minute. What cannot be noted costs a point of a chart, and nothing else. */
import type { MetricPort } from '../api/metric-port.ts'
import { stateFigures } from '../api/metrics.ts'
import type { EnginePort } from '../api/ports.ts'
import type { Clock } from '../clock.ts'
import { messageOf } from '../errors.ts'
import type { Log } from '../log.ts'
import type { Figure } from '../metrics/catalogue.ts'
import type { MetricHistory } from '../metrics/history.ts'

export interface SamplePorts {
  readonly engine: EnginePort
  readonly metrics: MetricPort
  readonly history: MetricHistory | undefined
  readonly clock: Clock
  readonly log: Log
}

/** All figures that need no further look at the world. */
export async function currentFigures({
  engine,
  metrics,
  clock,
}: Omit<SamplePorts, 'history' | 'log'>): Promise<readonly Figure[]> {
  const [resources, controller, figures] = await Promise.all([
    engine.resources(),
    engine.controller(),
    metrics.figures(),
  ])
  return [...stateFigures(resources, controller, clock.nowMs()), ...figures]
}

/** One round; tells once when it cannot be done, and again when it can. */
export function sampling(ports: SamplePorts): () => Promise<void> {
  let trouble: string | undefined
  let isFull = false
  return async () => {
    try {
      const figures = await currentFigures(ports)
      const { leftOut } = ports.history?.note(figures, ports.clock.nowMs()) ?? { leftOut: 0 }
      if (leftOut > 0 && !isFull)
        ports.log.warn({ rows: leftOut }, 'there are more figures than are kept; the past of some is not')
      isFull = leftOut > 0
      trouble = undefined
    } catch (error) {
      const message = messageOf(error)
      if (message !== trouble) ports.log.warn({ err: message }, 'figures could not be noted')
      trouble = message
    }
  }
}
