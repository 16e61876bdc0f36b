namespace XCron.Daemon.Tests.Schedules;

/// <summary>
/// cron as cron(8) tells it, in the plainest way: looks at every single minute (or second), knows no transitions and
/// searches for nothing. Shares no code with what it checks.
/// </summary>
internal sealed class NaiveCron
{
    private static readonly string[] Months = "jan feb mar apr may jun jul aug sep oct nov dec".Split(' ');
    private static readonly string[] Weekdays = "sun mon tue wed thu fri sat".Split(' ');

    private readonly bool[] _second = new bool[60];
    private readonly bool[] _minute;
    private readonly bool[] _hour;
    private readonly bool[] _dayOfMonth;
    private readonly bool[] _month;
    private readonly bool[] _dayOfWeek;
    private readonly bool _matchesBothDays;
    private readonly bool _followsClock;

    public NaiveCron(string expression)
    {
        var fields = expression.ToLowerInvariant().Replace('?', '*').Split(' ');
        var five = fields[^5..];
        _second[0] = true;
        if (fields.Length == 6)
            _second = Read(fields[0], 0, 59, 59, 0, []);
        _minute = Read(five[0], 0, 59, 59, 0, []);
        _hour = Read(five[1], 0, 23, 23, 0, []);
        _dayOfMonth = Read(five[2], 1, 31, 31, 0, []);
        _month = Read(five[3], 1, 12, 12, 1, Months);
        _dayOfWeek = Read(five[4], 0, 7, 6, 0, Weekdays);
        _dayOfWeek[0] |= _dayOfWeek[7];
        _matchesBothDays = five[2][0] == '*' || five[4][0] == '*';
        _followsClock = five[0][0] == '*' || five[1][0] == '*';
    }

    /// <summary>All occurrences in the time that was walked through, in unix seconds.</summary>
    public List<long> Occurrences(ZoneWalk walk)
    {
        List<long> found = [];
        var latestShown = walk.Shown[0].Time - walk.Step;
        for (var i = 0; i < walk.Shown.Length; i++)
        {
            ref readonly var shown = ref walk.Shown[i];
            var moment = walk.Start + (long)i * walk.Step;
            if (_followsClock)
            {
                if (Matches(shown))
                    found.Add(moment);
                continue;
            }

            // A fixed job: whatever the clock has come past since it was last ahead is run now, once.
            var isDue = false;
            for (var time = latestShown + walk.Step; time < shown.Time && !isDue; time += walk.Step)
                isDue = Matches(new Shown(time));
            if (shown.Time > latestShown && (isDue || Matches(shown)))
                found.Add(moment);
            latestShown = Math.Max(latestShown, shown.Time);
        }

        return found;
    }

    private bool Matches(in Shown shown)
    {
        if (!_second[shown.Second] || !_minute[shown.Minute] || !_hour[shown.Hour] || !_month[shown.Month])
            return false;
        var (ofMonth, ofWeek) = (_dayOfMonth[shown.Day], _dayOfWeek[shown.Weekday]);
        return _matchesBothDays ? ofMonth && ofWeek : ofMonth || ofWeek;
    }

    private static bool[] Read(string field, int low, int high, int end, int firstName, string[] names)
    {
        var values = new bool[high + 1];
        foreach (var part in field.Split(','))
        {
            var slash = part.Split('/');
            var range = slash[0].Split('-');
            var first = slash[0] == "*" ? low : Number(range[0]);
            var last = slash[0] == "*" ? high : range.Length == 2 ? Number(range[1]) : slash.Length == 2 ? end : first;
            if (range.Length == 2 && range[1] == "sun" && first > 0)
                last = 7;
            for (var value = first; value <= last; value += slash.Length == 2 ? int.Parse(slash[1]) : 1)
                values[value] = true;
        }

        return values;

        int Number(string text) =>
            Array.IndexOf(names, text) is var index and >= 0 ? index + firstName : int.Parse(text);
    }

    /// <summary>What a clock on the wall shows.</summary>
    internal readonly struct Shown
    {
        public Shown(long time)
        {
            var date = DateTime.UnixEpoch.AddSeconds(time);
            Time = time;
            (Second, Minute, Hour) = ((byte)date.Second, (byte)date.Minute, (byte)date.Hour);
            (Day, Month, Weekday) = ((byte)date.Day, (byte)date.Month, (byte)date.DayOfWeek);
        }

        public long Time { get; }

        public byte Second { get; }

        public byte Minute { get; }

        public byte Hour { get; }

        public byte Day { get; }

        public byte Month { get; }

        public byte Weekday { get; }
    }

    /// <summary>What the clock on a zone's walls shows at each minute or second of a time.</summary>
    internal sealed class ZoneWalk
    {
        public ZoneWalk(string timezone, DateTime from, DateTime to, int step)
        {
            var zone = TimeZoneInfo.FindSystemTimeZoneById(timezone);
            Timezone = timezone;
            Step = step;
            Start = (from.Ticks - DateTime.UnixEpoch.Ticks) / TimeSpan.TicksPerSecond;
            Shown = new Shown[(int)((to - from).TotalSeconds / step)];
            for (var i = 0; i < Shown.Length; i++)
            {
                var moment = DateTime.SpecifyKind(from.AddSeconds((double)i * step), DateTimeKind.Utc);
                var offset = (long)zone.GetUtcOffset(moment).TotalSeconds;
                Shown[i] = new Shown(Start + (long)i * step + offset);
            }
        }

        public string Timezone { get; }

        public long Start { get; }

        public int Step { get; }

        public long End => Start + (long)Shown.Length * Step;

        public Shown[] Shown { get; }
    }
}
