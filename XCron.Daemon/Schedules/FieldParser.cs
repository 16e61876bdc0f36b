namespace XCron.Daemon.Schedules;

/// <summary>
/// Reads one field: a list of values, ranges and steps, as crontab(5) has them, and "N/s", "?" and "fri-sun" besides.
/// </summary>
internal ref struct FieldParser
{
    private readonly FieldSpec _spec;
    private readonly ReadOnlySpan<char> _field;
    private ReadOnlySpan<char> _rest;

    private FieldParser(FieldSpec spec, ReadOnlySpan<char> field)
    {
        _spec = spec;
        _field = field;
        _rest = field;
    }

    private ScheduleParse? Refusal { get; set; }

    /// <summary>Returns the set of values, value n as bit n; null with the refusal if the field is wrong.</summary>
    public static ulong? Parse(FieldSpec spec, ReadOnlySpan<char> field, out ScheduleParse? refusal)
    {
        var parser = new FieldParser(spec, field);
        var values = parser.List();
        refusal = parser.Refusal;
        if (refusal is not null)
            return null;

        const ulong SecondSunday = 1UL << 7;
        return spec == FieldSpec.DayOfWeek && (values & SecondSunday) != 0 ? (values & ~SecondSunday) | 1 : values;
    }

    /// <summary>Whether the field counts as a wildcard where crontab asks: it begins with a star.</summary>
    public static bool BeginsWithStar(ReadOnlySpan<char> field) => field[0] is '*' or '?';

    private ulong List()
    {
        var values = 0UL;
        do
            values |= Element();
        while (Refusal is null && Skip(','));

        if (Refusal is null && !_rest.IsEmpty)
            RefuseRest();
        return values;
    }

    private ulong Element()
    {
        int first, last;
        var stepped = 1;
        if (Skip('*') || Skip('?'))
        {
            (first, last) = (_spec.Low, _spec.High);
            if (Skip('/'))
                stepped = Step();
        }
        else
        {
            first = last = Value(out _);
            var isRange = Skip('-');
            var lastIsName = false;
            if (isRange)
                last = Value(out lastIsName);

            // As the end of a range Sunday is the seventh day, unless the range begins on it.
            if (lastIsName && _spec == FieldSpec.DayOfWeek && last == 0 && first > 0)
                last = 7;
            if (Skip('/'))
            {
                stepped = Step();
                if (!isRange)
                    last = Math.Max(first, _spec.LastDistinct);
            }
        }

        if (Refusal is null && first > last)
            RefuseBackward(first, last, stepped);
        return Refusal is null ? Span(first, last, stepped) : 0;
    }

    private int Value(out bool isName)
    {
        var text = Word();
        isName = !text.IsEmpty && char.IsAsciiLetter(text[0]);
        if (text.IsEmpty)
        {
            RefuseRest();
            return 0;
        }

        var value = isName ? ValueOfName(text) : Number(text);
        if (Refusal is null && (value < _spec.Low || value > _spec.High))
            Refuse($"has {Quote(text)}, which is out of range; must be {_spec.Takes}");
        return value;
    }

    private int ValueOfName(ReadOnlySpan<char> name)
    {
        for (var i = 0; i < _spec.Names.Length; i++)
        {
            if (name.Equals(_spec.Names[i], StringComparison.OrdinalIgnoreCase))
                return _spec.Low + i;
        }

        var hint = _spec.Names.Length == 0
            ? "has no names"
            : $"has three-letter names only: {string.Join(", ", _spec.Names)}";
        var quartz = name is "L" or "W" or "LW" ? "; L and W are not crontab's" : "";
        Refuse($"has {Quote(name)}; must be {_spec.Takes}; this field {hint}{quartz}");
        return 0;
    }

    private int Step()
    {
        var text = Word();
        if (text.IsEmpty || !char.IsAsciiDigit(text[0]))
        {
            Refuse($"has {Quote(_field)}, where a step must be a number after the slash, such as */5");
            return 1;
        }

        var step = Number(text);
        if (step == 0)
            Refuse($"has {Quote(_field)}, a step of 0; must be 1 or more");
        return Math.Max(1, step);
    }

    private ReadOnlySpan<char> Word()
    {
        var length = 0;
        if (!_rest.IsEmpty)
        {
            var isNumber = char.IsAsciiDigit(_rest[0]);
            while (length < _rest.Length
                && (isNumber ? char.IsAsciiDigit(_rest[length]) : char.IsAsciiLetter(_rest[length])))
            {
                length++;
            }
        }

        var word = _rest[..length];
        _rest = _rest[length..];
        return word;
    }

    private bool Skip(char expected)
    {
        if (Refusal is not null || _rest.IsEmpty || _rest[0] != expected)
            return false;
        _rest = _rest[1..];
        return true;
    }

    /// <summary>A number of any length: what is too large to matter is kept as a large one.</summary>
    private static int Number(ReadOnlySpan<char> digits)
    {
        const int TooLarge = 1_000_000;
        var number = 0;
        foreach (var digit in digits)
            number = Math.Min(TooLarge, number * 10 + (digit - '0'));
        return number;
    }

    private static ulong Span(int first, int last, int step)
    {
        var values = 0UL;
        for (var value = first; value <= last; value += step)
            values |= 1UL << value;
        return values;
    }

    private void RefuseBackward(int first, int last, int step) => Refusal = new ScheduleParse.NeverFires(
        $"{_spec.Name} field {Quote(_field)} never fires: the range {BackwardRange.Show(first, last, step)} runs "
        + $"backwards; write {BackwardRange.Forward(_spec, first, last, step)}.");

    private void RefuseRest()
    {
        if (_rest.IsEmpty || _rest[0] == ',')
            Refuse($"has {Quote(_field)}, where a value is missing; must be {_spec.Takes}, or *");
        else if (_rest[0] == '~')
            Refuse($"has {Quote(_field)}: random times (~) are not taken; give a value, or use jitter");
        else
            Refuse($"has {Quote(_field)}, where {Quote(_rest)} cannot be read; must be *, {_spec.Takes}, "
                + "ranges such as a-b, steps such as */n or a-b/n, or a list of these with commas");
    }

    private void Refuse(string what) =>
        Refusal ??= new ScheduleParse.BadExpression(_spec.Name, $"{_spec.Name} field {what}.");

    private static string Quote(ReadOnlySpan<char> text)
    {
        const int Longest = 40;
        return text.Length <= Longest ? $"'{text}'" : $"'{text[..Longest]}...'";
    }
}
