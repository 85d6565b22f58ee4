import { execFileSync } from 'node:child_process'

/** Tests that start the command line, a worker or a child process run the compiled program, so it is built first. */
export default function buildOnce(): void {
  execFileSync('npm', ['run', '--silent', 'build'], { stdio: 'inherit' })
}
