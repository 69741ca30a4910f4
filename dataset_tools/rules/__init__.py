"""The lint rules; a new one is a module here and a line in this list."""

from dataset_tools.rules.dt001_no_records import NoRecords
from dataset_tools.rules.dt002_invalid_utf8 import InvalidUtf8
from dataset_tools.rules.dt003_byte_order_mark import ByteOrderMark
from dataset_tools.rules.dt004_blank_line import BlankLine
from dataset_tools.rules.dt005_malformed_json import MalformedJson
from dataset_tools.rules.dt006_not_json_lines import NotJsonLines
from dataset_tools.rules.dt007_unreadable_value import UnreadableValue
from dataset_tools.rules.dt008_mixed_line_endings import MixedLineEndings
from dataset_tools.rules.dt101_missing_key import MissingKey
from dataset_tools.rules.dt102_not_a_string import NotAString
from dataset_tools.rules.dt103_unknown_key import UnknownKey
from dataset_tools.rules.dt104_duplicate_key import DuplicateKey
from dataset_tools.rules.dt105_other_format import OtherFormat
from dataset_tools.rules.dt106_nan_or_infinity import NanOrInfinity
from dataset_tools.rules.dt107_lone_surrogate import LoneSurrogate
from dataset_tools.rules.dt108_key_case import KeyCase
from dataset_tools.rules.dt109_not_an_object import NotAnObject
from dataset_tools.rules.dt110_schema_violated import SchemaViolated
from dataset_tools.rules.dt111_bad_weight import BadWeight
from dataset_tools.rules.dt201_blank_completion import BlankCompletion
from dataset_tools.rules.dt202_empty_prompt import EmptyPrompt
from dataset_tools.rules.dt203_whitespace_style import WhitespaceStyle
from dataset_tools.rules.dt204_odd_character import OddCharacter
from dataset_tools.rules.dt205_placeholder import Placeholder
from dataset_tools.rules.dt206_repeated_prompt import RepeatedPrompt
from dataset_tools.rules.dt207_cut_off import CutOff
from dataset_tools.rules.dt301_missing_separator import MissingSeparator
from dataset_tools.rules.dt302_separator_inside import SeparatorInside
from dataset_tools.rules.dt303_missing_stop_sequence import MissingStopSequence
from dataset_tools.rules.dt304_stop_sequence_inside import StopSequenceInside
from dataset_tools.rules.dt305_marks_overlap import MarksOverlap
from dataset_tools.rules.dt306_special_token import SpecialToken
from dataset_tools.rules.dt307_inference_prompt import InferencePrompt
from dataset_tools.rules.dt401_duplicate_record import DuplicateRecord
from dataset_tools.rules.dt402_other_completion import OtherCompletion
from dataset_tools.rules.dt403_near_duplicate import NearDuplicate
from dataset_tools.rules.dt404_few_records import FewRecords
from dataset_tools.rules.dt405_unbalanced_classes import UnbalancedClasses
from dataset_tools.rules.dt406_identical_texts import IdenticalTexts
from dataset_tools.rules.dt407_common_prefix import CommonPrefix
from dataset_tools.rules.dt408_in_validation_data import InValidationData
from dataset_tools.rules.dt409_outlier_length import OutlierLength
from dataset_tools.rules.dt501_too_long import TooLong
from dataset_tools.rules.dt502_completion_too_long import CompletionTooLong
from dataset_tools.rules.dt503_tokens_merge import TokensMerge
from dataset_tools.rules.dt504_unknown_tokens import UnknownTokens
from dataset_tools.rules.dt505_teaches_nothing import TeachesNothing
from dataset_tools.rules.dt601_secret import Secret
from dataset_tools.rules.dt602_personal_data import PersonalData
from dataset_tools.rules.rule import FileContext, Problem, Rule, RuleOption

__all__ = ["RULES", "FileContext", "Problem", "Rule", "RuleOption"]

RULES: dict[str, type[Rule]] = {
    rule.code: rule
    for rule in (
        NoRecords,
        InvalidUtf8,
        ByteOrderMark,
        BlankLine,
        MalformedJson,
        NotJsonLines,
        UnreadableValue,
        MixedLineEndings,
        MissingKey,
        NotAString,
        UnknownKey,
        DuplicateKey,
        OtherFormat,
        NanOrInfinity,
        LoneSurrogate,
        KeyCase,
        NotAnObject,
        SchemaViolated,
        BadWeight,
        BlankCompletion,
        EmptyPrompt,
        WhitespaceStyle,
        OddCharacter,
        Placeholder,
        RepeatedPrompt,
        CutOff,
        MissingSeparator,
        SeparatorInside,
        MissingStopSequence,
        StopSequenceInside,
        MarksOverlap,
        SpecialToken,
        InferencePrompt,
        DuplicateRecord,
        OtherCompletion,
        NearDuplicate,
        FewRecords,
        UnbalancedClasses,
        IdenticalTexts,
        CommonPrefix,
        InValidationData,
        OutlierLength,
        TooLong,
        CompletionTooLong,
        TokensMerge,
        UnknownTokens,
        TeachesNothing,
        Secret,
        PersonalData,
    )
}
