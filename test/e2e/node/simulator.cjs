// Runs kinesis-local for as long as standard input is open, and so never longer than the test that holds it open.
// It reads its certificate from server.json in the working directory, and the rest from environment variables.

// It puts an exit of its own in the place of this one, which waits for connections to end.
const exit = process.exit.bind(process);
process.stdin.on('end', () => exit()).resume();
require('kinesis-local');
