//go:build !unix

package regular

// nonblock is nothing where no file can block its opening.
const nonblock = 0
