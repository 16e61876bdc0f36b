using System.Globalization;
using System.Text;
using XCron.Daemon.Schedules;
using XCron.Proto.Tasks;

namespace XCron.Daemon.Api;

/// <summary>
/// Judges the fields of a new task together and computes what the command must say: its kind, zone and first due time.
/// </summary>
internal sealed class TaskIntake(ApiServices services)
{
    private readonly CallbackUrls _urls = new(services.CallbackRules);

    /// <summary>Completes the fields of a task created now; what is wrong with them, or null.</summary>
    public ApiError? Complete(ref TaskFields fields, long nowMs)
    {
        var table = CreateFields.Task;
        if (!fields.HasTask(CreateFields.Type))
            return table.Missing(CreateFields.Type);
        if (!fields.HasTask(CreateFields.Format))
            return table.Missing(CreateFields.Format);

        // The original's published load profile sends a timestamp under type 1.
        if (fields.Type == TaskType.Periodic && OneShotTime.IsTimestamp(fields.Format))
            fields.Type = TaskType.OneShot;
        return CompleteSchedule(ref fields, nowMs) ?? CompleteRest(ref fields);
    }

    /// <summary>Says of an expression that was not parsed why not.</summary>
    public static ApiError Refusal(ScheduleParse parse) => parse switch
    {
        ScheduleParse.BadExpression bad => new ApiError(ApiCode.BadExpression, $"format: {bad.Message}"),
        ScheduleParse.NeverFires never => new ApiError(ApiCode.BadExpression, $"format: {never.Message}"),
        ScheduleParse.UnknownTimezone unknown => new ApiError(ApiCode.UnknownTimezone, unknown.Message),
        _ => throw new System.Diagnostics.UnreachableException($"No refusal: {parse}."),
    };

    /// <summary>An option is never dropped in silence, so the expression's own zone does not just win.</summary>
    public static ApiError TwoZones(string given, string named) => ApiError.BadRequest(
        $"timezone is {Shown.Text(given)}, and format names {named} itself; must be left out, or be the same");

    /// <summary>
    /// Finds the first due time after now, of a task that is created or whose schedule has changed.
    /// </summary>
    public ApiError? CompleteSchedule(ref TaskFields fields, long nowMs) => fields.Type == TaskType.OneShot
        ? CompleteOneShot(ref fields, nowMs)
        : CompletePeriodic(ref fields, nowMs);

    /// <summary>Judges what has nothing to do with time.</summary>
    public ApiError? CompleteRest(ref TaskFields fields) => CheckCallback(in fields) ?? CompleteRetry(ref fields);

    /// <summary>Judges the size of what was not made by one request for one task.</summary>
    public ApiError? CheckSize(int definitionBytes) => TaskSize.Check(definitionBytes, services.MaxRequestBytes);

    /// <summary>What a one-shot cannot have.</summary>
    public static ApiError? CheckOneShot(in TaskFields fields)
    {
        if (fields.HasTask(CreateFields.Timezone))
            return ApiError.BadRequest("timezone is given, and a one-shot's time has no zone; must be left out");
        if (fields.HasTask(CreateFields.Misfire))
        {
            return ApiError.BadRequest(
                "misfire is given, and a one-shot always runs, if need be late; must be left out");
        }

        return RefuseOfPeriodic(in fields, CreateFields.Overlap) ?? RefuseOfPeriodic(in fields, CreateFields.StartAt)
            ?? RefuseOfPeriodic(in fields, CreateFields.EndAt) ?? RefuseOfPeriodic(in fields, CreateFields.MaxRuns);
    }

    private static ApiError? RefuseOfPeriodic(in TaskFields fields, int field) => fields.HasTask(field)
        ? ApiError.BadRequest($"{CreateFields.Task.Path(field)} is given, and a one-shot has one run; must be left out")
        : null;

    private static ApiError? CompleteOneShot(ref TaskFields fields, long nowMs)
    {
        if (OneShotTime.Read(fields.Format, nowMs, out fields.FirstDueMs) is { } error)
            return error;
        if (fields.DueMs != 0)
            fields.FirstDueMs = fields.DueMs;
        fields.MostDelayMs = fields.JitterMs;
        return CheckOneShot(in fields);
    }

    private ApiError? CompletePeriodic(ref TaskFields fields, long nowMs)
    {
        if (CheckWindow(in fields, nowMs) is { } error)
            return error;
        var timezone = fields.HasTask(CreateFields.Timezone)
            ? Encoding.UTF8.GetString(fields.Timezone)
            : services.DefaultTimezone;

        // An interval keeps the phase of the due time that is known.
        var startMs = fields.DueMs != 0 ? fields.DueMs : fields.StartAtMs != 0 ? fields.StartAtMs : nowMs;
        var parse = ScheduleParser.Parse(Encoding.UTF8.GetString(fields.Format), timezone, startMs);
        if (parse is not ScheduleParse.Parsed parsed)
            return Refusal(parse);
        if (fields.HasTask(CreateFields.Timezone) && parsed.Timezone != timezone)
            return TwoZones(timezone, parsed.Timezone);
        fields.Timezone = Encoding.UTF8.GetBytes(parsed.Timezone);

        // Whose task it is says only which share of the jitter it is moved by, and that is computed with its id.
        var due = new DueTimes(parsed.Schedule, 0, fields.StartAtMs, fields.EndAtMs, fields.JitterMs);
        fields.FirstDueMs = fields.DueMs != 0 ? fields.DueMs : due.NextAfter(nowMs);
        if (fields.FirstDueMs == 0)
            return NeverFires(in fields);
        fields.MostDelayMs = due.MostDelayMs(fields.FirstDueMs);
        return null;
    }

    private static ApiError? CheckWindow(in TaskFields fields, long nowMs)
    {
        if (fields.EndAtMs == 0)
            return null;
        if (fields.EndAtMs <= nowMs)
        {
            return ApiError.BadRequest(
                $"end_at is {UnixTime.Format(fields.EndAtMs)}, which has passed; must be later than now, " +
                UnixTime.Format(nowMs)) with
            {
                IsTooLate = true,
            };
        }

        return fields.StartAtMs < fields.EndAtMs
            ? null
            : ApiError.BadRequest(
                $"start_at is {UnixTime.Format(fields.StartAtMs)}; must be before end_at, " +
                UnixTime.Format(fields.EndAtMs));
    }

    private static ApiError NeverFires(in TaskFields fields) => new(
        ApiCode.BadExpression,
        fields.EndAtMs == 0
            ? "format: the expression never fires again"
            : $"format: no time of the expression that is still to come lies before end_at, " +
                $"{UnixTime.Format(fields.EndAtMs)}; end_at must be later, or the expression fire sooner")
    {
        IsTooLate = true,
    };

    private ApiError? CheckCallback(in TaskFields fields)
    {
        if (!fields.HasCallback(CreateFields.Url))
            return CreateFields.InCallback.Missing(CreateFields.Url) with { Code = ApiCode.BadUrl };
        if (_urls.Check(fields.Url) is { } error)
            return error;
        if (!fields.Method.SequenceEqual("GET"u8))
            return null;
        if (fields.HasCallback(CreateFields.Body))
            return ApiError.BadRequest("callback.body is given, and a GET callback has none: leave one of them out");
        return fields.Headers is not null && CallbackHeaders.DescribeBody(fields.Headers)
            ? ApiError.BadRequest("callback.headers has a Content- header, and a GET callback has no content")
            : null;
    }

    /// <summary>A default gives way to what was said of the other bound.</summary>
    private static ApiError? CompleteRetry(ref TaskFields fields)
    {
        if (fields.MaxBackoffMs >= fields.MinBackoffMs)
            return null;
        if (!fields.HasRetry(CreateFields.MaxBackoff))
            fields.MaxBackoffMs = fields.MinBackoffMs;
        else if (!fields.HasRetry(CreateFields.MinBackoff))
            fields.MinBackoffMs = fields.MaxBackoffMs;
        else
            return ApiError.BadRequest(
                $"retry.max_backoff is {Seconds(fields.MaxBackoffMs)}; must not be less than retry.min_backoff, " +
                $"{Seconds(fields.MinBackoffMs)}");
        return null;

        static string Seconds(long milliseconds) => (milliseconds / 1000m).ToString(CultureInfo.InvariantCulture);
    }
}
