namespace XCron.Daemon.Api;

/// <summary>Sets a field of an update back to its default; false where there is none.</summary>
internal static class FieldReset
{
    public static bool OfTask(int field, ref TaskFields fields)
    {
        fields.ResetTask |= 1u << field;
        switch (field)
        {
            case CreateFields.Name:
                fields.Name = default;
                return true;
            case CreateFields.Timezone:
                fields.Timezone = default;
                return true;
            case CreateFields.Retry:
                for (var part = CreateFields.MaxAttempts; part <= CreateFields.MaxBackoff; part++)
                    OfRetry(part, ref fields);
                return true;
            case CreateFields.Misfire:
                fields.Misfire = default;
                return true;
            case CreateFields.Tags:
                fields.Tags = null;
                return true;
            case CreateFields.Deadline:
                fields.DeadlineMs = 0;
                return true;
            case CreateFields.Overlap:
                fields.Overlap = default;
                return true;
            case CreateFields.Jitter:
                fields.JitterMs = 0;
                return true;
            case CreateFields.StartAt:
                fields.StartAtMs = 0;
                return true;
            case CreateFields.EndAt:
                fields.EndAtMs = 0;
                return true;
            case CreateFields.MaxRuns:
                fields.MaxRuns = 0;
                return true;
            default:
                return false;
        }
    }

    public static bool OfCallback(int field, ref TaskFields fields)
    {
        switch (field)
        {
            case CreateFields.Body:
                fields.Body = default;
                fields.IsBodyReset = true;
                return true;
            case CreateFields.Method:
                fields.Method = default;
                return true;
            case CreateFields.Headers:
                fields.Headers = null;
                return true;
            case CreateFields.Timeout:
                fields.TimeoutMs = TaskFields.DefaultTimeoutMs;
                return true;
            default:
                return false;
        }
    }

    public static void OfRetry(int field, ref TaskFields fields)
    {
        switch (field)
        {
            case CreateFields.MaxAttempts:
                fields.MaxAttempts = TaskFields.DefaultMaxAttempts;
                break;
            case CreateFields.MinBackoff:
                fields.MinBackoffMs = TaskFields.DefaultMinBackoffMs;
                break;
            default:
                fields.MaxBackoffMs = TaskFields.DefaultMaxBackoffMs;
                break;
        }
    }
}
