/** One thing that the doctor looked at. */

export type DoctorArea = 'machine' | 'file' | 'workspace' | 'keys' | 'programs' | 'ports' | 'network'

export interface DoctorCheck {
  /** Stable within a version: `machine.disk`, `keys.airtable.token`. */
  readonly id: string
  readonly area: DoctorArea
  /** `warn` does not keep Trueup from working; `fail` does, or will soon. */
  readonly status: 'ok' | 'warn' | 'fail'
  /** What was found. Never the value of a secret. */
  readonly message: string
  /** How to mend it; null where nothing needs mending. */
  readonly remedy: string | null
}

/** Makes the checks of one area. */
export function checksOf(area: DoctorArea) {
  const id = (name: string) => `${area}.${name}`
  return {
    ok: (name: string, message: string): DoctorCheck => ({ id: id(name), area, status: 'ok', message, remedy: null }),
    warn: (name: string, message: string, remedy: string): DoctorCheck => ({
      id: id(name),
      area,
      status: 'warn',
      message,
      remedy,
    }),
    fail: (name: string, message: string, remedy: string): DoctorCheck => ({
      id: id(name),
      area,
      status: 'fail',
      message,
      remedy,
    }),
  }
}
