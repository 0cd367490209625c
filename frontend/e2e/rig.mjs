// Real nodes, the real handler of the desktop and a real browser, all of this run's own.
import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { createInterface } from 'node:readline'
import { chromium } from 'playwright-core'

/** The desktop finds its language server where the compiler is. */
const compiler = join(import.meta.dirname, '../node_modules/.bin')

const flags = [
  '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync',
]

/** Starts a program and answers with the first line of JSON that it prints. */
async function start(stops, bin, args, env = {}) {
  const child = spawn(bin, args, { stdio: ['ignore', 'pipe', 'pipe'], env: { ...process.env, ...env } })
  let log = ''
  child.stderr.on('data', (text) => { log = (log + text).slice(-4000) })
  const stop = () => new Promise((done) => {
    if (child.exitCode !== null || child.signalCode !== null) return done()
    child.once('exit', done)
    child.kill('SIGTERM')
  })
  stops.push(stop)
  return new Promise((resolve, reject) => {
    child.once('exit', (code) => reject(new Error(`${bin} ended with ${code}: ${log}`)))
    child.once('error', reject)
    createInterface(child.stdout).once('line', (line) => resolve({ ...JSON.parse(line), child, stop }))
  })
}

/**
 * Answers with cluster({nodes, demo}), which starts one more cluster of real nodes, with
 * console({ui}), which starts one more desktop in a folder of its own or in the one given,
 * with the browser, and with stop, which ends all of them.
 */
export async function rig({ node, console: bin, ui }) {
  const stops = []
  const dir = mkdtempSync(join(tmpdir(), 'signalbox-e2e-'))
  let count = 0
  const stop = async () => {
    for (const one of stops.reverse()) await one()
    rmSync(dir, { recursive: true, force: true, maxRetries: 5 })
  }
  const cluster = async ({ nodes = 1, demo = true, program = node } = {}) => {
    const at = join(dir, `cluster-${++count}`)
    const args = ['up', '--dir', at, '--traffic', '127.0.0.1:0', '--control', '127.0.0.1:0', '-o', 'json']
    if (demo) args.push('--demo')
    if (nodes > 1) args.push('--nodes', String(nodes))
    return { ...await start(stops, program, args), dir: at }
  }
  const desktop = (at = join(dir, `app-${++count}`)) =>
    start(stops, bin, ['-dir', at, '-ui', ui], { HOME: dir, XDG_CONFIG_HOME: dir, PATH: compiler + delimiter + process.env.PATH }).then((one) => ({ ...one, dir: at }))
  try {
    const browser = await chromium.launch({ executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium', args: flags })
    stops.push(() => browser.close())
    return { cluster, desktop, browser, dir, stop }
  } catch (error) {
    await stop()
    throw error
  }
}
