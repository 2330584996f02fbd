package wire

// allTaken reads the answer as results does, without what the results are.
func (cborFormat) allTaken(answer []byte, n int) bool {
	r := cborReader{rest: answer}
	count := -1 // until the list was there
	for members := r.open(cborMap); r.more(&members); {
		switch string(r.bytes()) {
		case "Records":
			r.odd = r.odd || count >= 0
			count = r.countTaken()
		case "FailedRecordCount":
			r.number()
		case "EncryptionType":
			r.bytes()
		default:
			r.odd = true
		}
	}
	return !r.odd && len(r.rest) == 0 && count == n
}

// countTaken counts a list of results, none of which has an error.
func (r *cborReader) countTaken() (count int) {
	for n := r.open(cborArray); r.more(&n); count++ {
		for members := r.open(cborMap); r.more(&members); r.bytes() {
			switch string(r.bytes()) {
			case "SequenceNumber", "ShardId":
			default:
				r.odd = true
			}
		}
	}
	return count
}
