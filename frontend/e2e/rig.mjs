// A real node, the real handler of the desktop and a real browser, all of this run's own.
import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { chromium } from 'playwright-core'

const flags = [
  '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync',
]

/** Starts a program and answers with the first line of JSON that it prints. */
async function start(stops, bin, args, env = {}) {
  const child = spawn(bin, args, { stdio: ['ignore', 'pipe', 'pipe'], env: { ...process.env, ...env } })
  let log = ''
  child.stderr.on('data', (text) => { log = (log + text).slice(-4000) })
  stops.push(() => new Promise((done) => {
    if (child.exitCode !== null) return done()
    child.once('exit', done)
    child.kill('SIGTERM')
  }))
  return new Promise((resolve, reject) => {
    child.once('exit', (code) => reject(new Error(`${bin} ended with ${code}: ${log}`)))
    child.once('error', reject)
    createInterface(child.stdout).once('line', (line) => resolve({ ...JSON.parse(line), child }))
  })
}

export async function rig({ node, console: bin, ui }) {
  const stops = []
  const dir = mkdtempSync(join(tmpdir(), 'signalbox-e2e-'))
  const stop = async () => {
    for (const one of stops.reverse()) await one()
    rmSync(dir, { recursive: true, force: true })
  }
  try {
    const up = await start(stops, node, ['up', '--demo', '--dir', join(dir, 'node'), '--traffic', '127.0.0.1:0', '--control', '127.0.0.1:0', '-o', 'json'])
    const app = await start(stops, bin, ['-dir', join(dir, 'app'), '-ui', ui], { HOME: dir, XDG_CONFIG_HOME: dir })
    const browser = await chromium.launch({ executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium', args: flags })
    stops.push(() => browser.close())
    return { up, app, browser, stop }
  } catch (error) {
    await stop()
    throw error
  }
}
