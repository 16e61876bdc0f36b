namespace XCron.Daemon.Api;

/// <summary>The codes of an answer's envelope; part of the contract, so none is ever given another meaning.</summary>
internal static class ApiCode
{
    public const int Ok = 0;
    public const int BadRequest = 1000;
    public const int BadTimestamp = 1001;
    public const int PastTimestamp = 1002;
    public const int BadUrl = 1003;
    public const int TargetNotAllowed = 1005;
    public const int BadExpression = 1010;
    public const int UnknownTimezone = 1011;
    public const int BadType = 1020;
    public const int NoSuchTask = 1030;
    public const int NoSuchPath = 1031;
    public const int Conflict = 1040;
    public const int TooLarge = 1041;
    public const int NoLeader = 1050;
    public const int Overloaded = 1051;
    public const int DiskFull = 1052;
    public const int NoKey = 1060;
    public const int NotAllowed = 1061;
    public const int Defect = 1099;

    /// <summary>What a code says, for the documents; each answer's message says more.</summary>
    public static string Meaning(int code) => code switch
    {
        Ok => "success",
        BadRequest => "not JSON, or a field missing, unknown, of the wrong type or out of range",
        BadTimestamp => "not a 10-digit unix timestamp",
        PastTimestamp => "in the past",
        BadUrl => "callback.url missing or no absolute http(s) URL",
        TargetNotAllowed => "callback.url's target is not allowed by the [callback] rules",
        BadExpression => "no crontab expression, or one that never fires",
        UnknownTimezone => "unknown time zone",
        BadType => "type is neither 1 nor 2",
        NoSuchTask => "no such task",
        NoSuchPath => "no such path; with HTTP 405 and Allow for a wrong method",
        Conflict => "name taken by another task, or a state that does not allow it",
        TooLarge => "larger than max_request_bytes",
        NoLeader => "no leader or no majority in time; the outcome of a write may then be unknown",
        Overloaded => "overloaded, refused before anything was written",
        DiskFull => "the disk is full, refused before anything was written",
        NoKey => "API keys are configured and none fits",
        NotAllowed => "the key's role does not allow it, or a browser's request from another site",
        Defect => "a defect of xcron's, logged under the uuid",
        _ => throw new System.Diagnostics.UnreachableException($"No code: {code}."),
    };

    /// <summary>The HTTP status that goes with a code; a wrong method (405) is the one exception.</summary>
    public static int HttpStatus(int code) => code switch
    {
        Ok => StatusCodes.Status200OK,
        TargetNotAllowed or NotAllowed => StatusCodes.Status403Forbidden,
        NoKey => StatusCodes.Status401Unauthorized,
        NoSuchTask or NoSuchPath => StatusCodes.Status404NotFound,
        Conflict => StatusCodes.Status409Conflict,
        TooLarge => StatusCodes.Status413PayloadTooLarge,
        NoLeader or DiskFull => StatusCodes.Status503ServiceUnavailable,
        Overloaded => StatusCodes.Status429TooManyRequests,
        Defect => StatusCodes.Status500InternalServerError,
        _ => StatusCodes.Status400BadRequest,
    };
}
