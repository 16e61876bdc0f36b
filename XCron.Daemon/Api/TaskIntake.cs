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
        var error = fields.Type == TaskType.OneShot
            ? CompleteOneShot(ref fields, nowMs)
            : CompletePeriodic(ref fields, nowMs);
        return error ?? CheckCallback(in fields) ?? CompleteRetry(ref fields);
    }

    /// <summary>Says of an expression that was not parsed why not.</summary>
    public static ApiError Refusal(ScheduleParse parse) => parse switch
    {
        ScheduleParse.BadExpression bad => new ApiError(ApiCode.BadExpression, $"format: {bad.Message}"),
        ScheduleParse.NeverFires never => new ApiError(ApiCode.BadExpression, $"format: {never.Message}"),
        ScheduleParse.UnknownTimezone unknown => new ApiError(ApiCode.UnknownTimezone, unknown.Message),
        _ => throw new System.Diagnostics.UnreachableException($"No refusal: {parse}."),
    };

    private static ApiError? CompleteOneShot(ref TaskFields fields, long nowMs)
    {
        if (OneShotTime.Read(fields.Format, nowMs, out fields.FirstDueMs) is { } error)
            return error;
        if (fields.HasTask(CreateFields.Timezone))
            return ApiError.BadRequest("timezone is given, and a one-shot's time has no zone; must be left out");
        return fields.HasTask(CreateFields.Misfire)
            ? ApiError.BadRequest("misfire is given, and a one-shot always runs, if need be late; must be left out")
            : null;
    }

    private ApiError? CompletePeriodic(ref TaskFields fields, long nowMs)
    {
        var timezone = fields.HasTask(CreateFields.Timezone)
            ? Encoding.UTF8.GetString(fields.Timezone)
            : services.DefaultTimezone;
        var parse = ScheduleParser.Parse(Encoding.UTF8.GetString(fields.Format), timezone, nowMs);
        if (parse is not ScheduleParse.Parsed parsed)
            return Refusal(parse);
        fields.Timezone = Encoding.UTF8.GetBytes(parsed.Timezone);
        fields.FirstDueMs = parsed.Schedule.NextAfter(nowMs);
        return fields.FirstDueMs > nowMs
            ? null
            : new ApiError(ApiCode.BadExpression, "format: the expression never fires again");
    }

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
            return ApiError.BadRequest("retry.max_backoff is less than retry.min_backoff; must not be less");
        return null;
    }
}
