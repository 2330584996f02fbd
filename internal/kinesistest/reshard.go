package kinesistest

// splitShard is SplitShard on its stream.
func (st *stream) splitShard(id string, at HashKey) error {
	st.mu.Lock()
	defer st.mu.Unlock()
	s, err := st.find(id)
	if err != nil {
		return err
	}
	if s.Closed {
		return st.notOpen(s)
	}
	if !s.Start.Less(at) || !at.Less(s.End) {
		return refuse("InvalidArgumentException", "NewStartingHashKey %s used in SplitShard() on shard %s in stream %s under account %s "+
			"is not both greater than one plus the shard's StartingHashKey %s and less than the shard's EndingHashKey %s.",
			at, id, st.name, accountID, s.Start, s.End)
	}
	st.split(s, at)
	return nil
}

// mergeShards is MergeShards on its stream.
func (st *stream) mergeShards(id, adjacentID string) error {
	st.mu.Lock()
	defer st.mu.Unlock()
	a, err := st.find(id)
	if err != nil {
		return err
	}
	b, err := st.find(adjacentID)
	if err != nil {
		return err
	}
	for _, s := range []*shard{a, b} {
		if s.Closed {
			return st.notOpen(s)
		}
	}
	if a.End.next() != b.Start || !a.Start.Less(b.Start) {
		return refuse("InvalidArgumentException", "Shards %s and %s in stream %s under account %s are not an adjacent pair of shards eligible for merging",
			id, adjacentID, st.name, accountID)
	}
	st.merge(a, b)
	return nil
}

func (st *stream) notOpen(s *shard) error {
	return refuse("ResourceInUseException", "Shard %s in stream %s under account %s is closed.", s.ID, st.name, accountID)
}

// reshard goes from the open shards to n equal ones as the service does: by
// splitting wherever a new range begins inside a shard, then by merging
// neighbours within one new range. Shards in between live for a moment only,
// which keeps each shard's parents right.
func (st *stream) reshard(n int) error {
	if n < 1 || n > maxShards {
		return refuse("InvalidArgumentException", "TargetShardCount %d is not between 1 and %d.", n, maxShards)
	}
	st.mu.Lock()
	defer st.mu.Unlock()
	for i := 1; i < n; i++ {
		at := evenStart(i, n)
		if s := st.route(at); s.Start != at {
			st.split(s, at)
		}
	}
	for i := range n {
		end := maxHashKey
		if i+1 < n {
			end = evenStart(i+1, n).previous()
		}
		for s := st.open[i]; s.End != end; s = st.open[i] {
			st.merge(s, st.open[i+1])
		}
	}
	return nil
}

// split replaces s with two shards. The caller holds mu.
func (st *stream) split(s *shard, at HashKey) {
	st.closeShard(s)
	st.addShard(Shard{Parent: s.ID, Start: s.Start, End: at.previous()})
	st.addShard(Shard{Parent: s.ID, Start: at, End: s.End})
}

// merge replaces neighbours with one shard. The caller holds mu.
func (st *stream) merge(a, b *shard) {
	st.closeShard(a)
	st.closeShard(b)
	st.addShard(Shard{Parent: a.ID, AdjacentParent: b.ID, Start: a.Start, End: b.End})
}
