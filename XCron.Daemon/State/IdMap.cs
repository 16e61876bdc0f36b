using System.Diagnostics.CodeAnalysis;

namespace XCron.Daemon.State;

/// <summary>
/// Values by task id, for tables of very many: open addressing with linear probing, 8 bytes and a value a place, at
/// least 64 % of the places taken once it has grown. A Dictionary takes 28 to 56 bytes for what takes 20 to 25 here.
/// Not thread-safe.
/// </summary>
internal sealed class IdMap<TValue>
{
    private const long Empty = 0;
    private const int LeastPlaces = 16;

    // Invariant: at least one place is empty, and no empty place lies between an id's home and where it is.
    private long[] _ids = [];
    private TValue[] _values = [];

    public int Count { get; private set; }

    /// <summary>All values, in no order.</summary>
    public IEnumerable<TValue> Values
    {
        get
        {
            for (var place = 0; place < _ids.Length; place++)
            {
                if (_ids[place] != Empty)
                    yield return _values[place];
            }
        }
    }

    /// <summary>All ids, in no order.</summary>
    public IEnumerable<long> Ids => _ids.Where(static id => id != Empty);

    public TValue this[long id]
    {
        set
        {
            ArgumentOutOfRangeException.ThrowIfEqual(id, Empty);
            // Full at four fifths; a quarter more then, so that never more than a third of the places is spare.
            if ((Count + 1L) * 5 > _ids.Length * 4L)
                Resize(Math.Max(LeastPlaces, _ids.Length + _ids.Length / 4));

            var place = PlaceOf(id);
            if (_ids[place] == Empty)
                Count++;
            _ids[place] = id;
            _values[place] = value;
        }
    }

    public bool TryGetValue(long id, [MaybeNullWhen(false)] out TValue value)
    {
        if (Count > 0)
        {
            var place = PlaceOf(id);
            value = _values[place];
            return _ids[place] != Empty;
        }

        value = default;
        return false;
    }

    public bool Remove(long id, [MaybeNullWhen(false)] out TValue value)
    {
        if (!TryGetValue(id, out value))
            return false;

        Close(PlaceOf(id));
        Count--;
        return true;
    }

    /// <summary>Copies all values, in no order; there must be room for them.</summary>
    public void CopyTo(Span<TValue> values)
    {
        var copied = 0;
        for (var place = 0; place < _ids.Length; place++)
        {
            if (_ids[place] != Empty)
                values[copied++] = _values[place];
        }
    }

    public void Clear()
    {
        _ids = [];
        _values = [];
        Count = 0;
    }

    /// <summary>Where the id is, or the empty place where it belongs.</summary>
    private int PlaceOf(long id)
    {
        var place = HomeOf(id);
        while (_ids[place] != Empty && _ids[place] != id)
            place = Next(place);
        return place;
    }

    /// <summary>Moves up what stands behind the place and was kept from its home by it, until nothing was.</summary>
    private void Close(int place)
    {
        for (var next = Next(place); _ids[next] != Empty; next = Next(next))
        {
            // Stays where its home lies behind the hole, in the circle of places.
            var home = HomeOf(_ids[next]);
            var stays = place <= next ? place < home && home <= next : place < home || home <= next;
            if (stays)
                continue;

            _ids[place] = _ids[next];
            _values[place] = _values[next];
            place = next;
        }

        _ids[place] = Empty;
        _values[place] = default!;
    }

    private void Resize(int places)
    {
        var (ids, values) = (_ids, _values);
        _ids = new long[places];
        _values = new TValue[places];
        for (var old = 0; old < ids.Length; old++)
        {
            if (ids[old] == Empty)
                continue;

            var place = PlaceOf(ids[old]);
            _ids[place] = ids[old];
            _values[place] = values[old];
        }
    }

    /// <summary>
    /// The ids of a shard have the highest byte of their Fibonacci hash in common (that is what a shard is), so what
    /// follows it decides.
    /// </summary>
    private int HomeOf(long id)
    {
        const ulong Golden = 0x9E37_79B9_7F4A_7C15;
        var hash = (uint)(((ulong)id * Golden) >> 24);
        return (int)(((ulong)hash * (uint)_ids.Length) >> 32);
    }

    private int Next(int place) => place + 1 == _ids.Length ? 0 : place + 1;
}
